"""Words of each format, which are put into damaged inputs; between two of them are two spaces or a line end."""

from __future__ import annotations

import re


def _words(text: str) -> tuple[str, ...]:
    return tuple(re.split(r" {2,}|\n", text.strip()))


FEED = _words(r"""
<rss>  <item>  </item>  <entry>  </channel>  <content:encoded>  xml:base='//['  <![CDATA[  ]]>  <language>
type="xhtml"  type="base64"  type="text/plain"  encoding="zlib"  encoding="hex"  encoding="utf-7"  <source url='x'>
<pubDate>  <dc:date>0000-00-00</dc:date>  <link/>  <link href="http://[::1"/>  <guid>  <media:group>  <textinput>
<georss:polygon>1 2 x</georss:polygon>  <gml:pos>1</gml:pos>  <psc:chapter start='1:x'/>  <cc:license/>  <author>
<itunes:duration>  <itunes:image href='http://['/>  <slash:comments>x</slash:comments>  <category term=''/>
<!ENTITY a 'b'>  &a;  xmlns=''  xmlns:x='y'  &#xD800;  &#1114112;
""")
HTML = _words(r"""
<p>  </p>  <div>  <table>  <tr>  <td>  </table>  <li>  <ul>  <a href=  <img src=  <picture>  <figure>  <figcaption>
<noscript>  <template>  <svg>  <math>  <style>  <script>  <plaintext>  <pre>  <select>  <frameset>  <body>  <head>
<html>  <iframe src=  srcset='a 1x, b 2x'  <br>  <h1>  <dl><dd>  <base href='http://['>  <meta charset=utf-7>  <!--
<textarea>  <time datetime=  <font>  <b>  <i>  <tt id=1>  <ruby><rt>  width=  height=  colspan=  start=  <caption>
<link rel=alternate
type=application/rss+xml  <script type=application/ld+json>  <object>  <button>  <details>  <center>
""")
WARC = (
    *("WARC/1.0\r\n", "WARC/1.1\n", "Content-Length: 5\r\n", "Content-Length: -1\r\n", "WARC-Type: response\r\n"),
    *("HTTP/1.1 200 OK\r\n", "Transfer-Encoding: chunked\r\n", "Content-Encoding: br, gzip\r\n", "\r\n\r\n"),
    *("Content-Encoding: zstd\r\n", "WARC-Target-URI: http://[\r\n", "WARC-Date: 2024\r\n", "ffffffff\r\n"),
    *("WARC-Segment-Number: 2\r\n", "Content-Type: x\r\n"),
)
SITEMAP = _words(r"""
<urlset>  <url>  <loc>  </loc>  <loc/>  <lastmod>  <sitemapindex>  <sitemap>  <news:news>  <news:publication_date>
<image:image>  <rss>  <feed>  <priority>x</priority>  <changefreq>  http://x  <?xml version="1.1"?>  <!DOCTYPE x>
""")
JSON = _words(r"""
"items":  "id":  "tags":  "authors":  "attachments":  [  ]  {  }  null  true  1e400  NaN  "\ud800"  ""  -0  [[
{"name": null}  {"url": 3}  -Infinity  "date_published":  ,  "next_url":
""")
ARTICLE = ("---\n", "\n------\n", "<!--", "](", "title: ", "!!int ", "!!binary ", "*a", "&a ", "<<: ", "? ", "|", *HTML)
CHARSET = _words("charset=  hex  zlib  utf-7  undefined  idna  rot13  unicode_escape  punycode  feed   page   article ")
SITE_PATTERN = _words(r"""
body:  title:  strip: //p[  strip_id_or_class: '"  strip_image_src: a'b  replace_string(:  replace_string((): x
find_string:  if_page_contains: (  single_page_link: concat(  [1 div 0]  //*[//*[//*]]  //@*  //text()  count(//p)
id('x')  $x  x:y  //*/ancestor::*  following::*  preceding::*  |  "  '
(((((((  ]]]]  ..  .  /  //  string-length(//p) div 0  \u0000
""")
TOML = _words(r"""
[[feed]]  [feed]  [feed.rules]  [feed.page]  page = { content = "//["  replace = [["a"]]
rules =  '''  = 1979-05-27  = inf  = {  = [  \u0000  \ud800  url = "http://["
timezone = "../x"  remove = 3  drop_after = "(?P<"  content = ":is("  feed = 3  [x.y]  language = "x"  images = 3
kind = "page"  kind = "json"  kind = 3  [feed.list]  list = { items = "li[", link = 3 }  items = "a..b"  items = ''
enabled = 2  id = ''  drop_after = '(a{1,999999}){1,999999}'  = 99999999999999999999
keep =  block =  [[keep]]  [[feed.block]]  { words = "  before = 0001-01-01T00:00:00+23:59  regex = '(?<'  language = []
= 08:30:00  headers = {  cookies = {  proxy = "http://[  auth = {  token = "{env:  user_agent = "\r  = { a = 1 }
""")
OPML = _words("<outline  </outline>  xmlUrl=  htmlUrl=  <body>  <opml  category='/newsmill/x'  feed:  text=  <head/>")
ROBOTS = _words(
    "Crawl-delay: nan  Crawl-delay: 1e999  Crawl-delay: -1  Disallow: *$*  Sitemap: http://[  User-agent: *"
)
IMAGE = _words("IDAT  IHDR  IEND  acTL  GIF89a  RIFF  WEBP  VP8X  ftypavif  II*  MM  BM  JFIF  Exif  ICC_PROFILE")
DATE = _words(r"""
T  Z  GMT  GMT+25  +9999  -00:00  年  月  日  下午  時  AM  PM  BST  CST  24:00  :60  Africa  America/Argentina
Etc/GMT+1  [Europe/Paris]  0000  10000  32  13  février  مارس  พ.ศ.  昭和  1e9  -1
""")
ADDRESS = _words(r"""
http://  https://  //  @  :  :0  :99999  [  ]  [::1]  [::ffff:1.2.3.4%25x]  ?  #  %  %00  www.google.com/url?q=
i0.wp.com/  images.weserv.nl/?url=  /image/fetch/  /cdn-cgi/image/a/  /_next/image?url=  xn--  xn--zz  。  ．  é  %E9
utm_source=  &  ;  \  ../  .cdn.ampproject.org/c/s/  ssl:  1e1  %ED%A0%80  external-content.duckduckgo.com/iu/?u=
""")
HEADER = ("max-age=", "nan", "inf", "-0001", "Thu, 01 Jan", *ADDRESS)
