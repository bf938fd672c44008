SELECT period, articles, share FROM term_trend('亚太', 'week')
