SELECT feed_id, images, share_stored FROM marts.image_coverage
