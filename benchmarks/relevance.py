# ruff: noqa: E501 - each text is one line
"""How well `search` ranks the articles that a person would choose: labelled queries over articles written for this.

python -m benchmarks.relevance
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping, Sequence

import duckdb

ARTICLES: tuple[tuple[str, str, str], ...] = (
    # (name, title, text)
    ("en-tariff", "Tariffs on steel doubled", "The government doubled its tariffs on steel. Mills at home gain; makers of cars and cans say that prices will rise."),
    ("en-port", "Harbour firms brace for tariffs", "Shipping firms in the harbour expect fewer containers once the new tariffs begin in March."),
    ("en-ferry", "The ferry to the islands returns", "After two winters the ferry sails again. A café on the upper deck sells soup; other ferries follow in June."),
    ("en-chips", "Export controls on chips widened", "New export controls cover machines that make semiconductors. Two firms said that their licences had been withdrawn."),
    ("en-bank", "Central bank keeps interest rates", "The central bank left its interest rate where it was and spoke of inflation that falls slowly."),
    ("en-river", "River bank gives way after rain", "A week of rain washed the bank of the river away, and with it a path that walkers liked."),
    ("en-storm", "Storm closes the harbour", "A storm closed the harbour for a day. Cranes stood still and forty ships waited outside."),
    ("en-vote", "Islands vote on a new council", "The islands elect a council for the first time. Turnout was high before noon."),
    ("en-light", "Lighthouse keeper retires", "The last keeper of the lighthouse hands in her keys after thirty years. The lamp turns by itself now."),
    ("en-climate", "Climate policy meets its budget", "Ministers agreed on a climate policy that pays for heat pumps, but not on who pays for the grid."),
    ("zh-chips", "半导体出口管制再次扩大", "商务部门宣布,半导体设备的出口管制将扩大到更多企业。两家公司表示许可证已被撤回。"),
    ("zh-trade", "出口增长放缓", "上个月的出口增长放缓,服装和家具的订单减少,港口的集装箱也少了。"),
    ("zh-cafe", "港口咖啡馆重新开张", "关闭两年之后,港口的咖啡馆今天重新开张,老板说菜单上多了汤。"),
    ("zh-bank", "央行维持利率不变", "央行决定维持利率不变,并表示通货膨胀正在缓慢下降。"),
    ("zh-rail", "高速铁路新线通车", "连接两座城市的高速铁路新线通车,行程缩短到四十分钟。"),
    ("zh-vote", "群岛首次选举议会", "群岛居民首次选举自己的议会,中午之前投票率已经很高。"),
    ("ja-chips", "半導体の輸出規制を強化", "政府は半導体製造装置の輸出規制を強化すると発表した。二社は許可が取り消されたと述べた。"),
    ("ja-rail", "新幹線の新しい路線が開業", "二つの都市を結ぶ新幹線の路線が開業し、所要時間は四十分になった。"),
    ("ja-storm", "台風で港が閉鎖", "台風のため港は一日閉鎖され、四十隻の船が沖で待った。"),
    ("ko-chips", "반도체 수출 통제 확대", "정부는 반도체 장비의 수출 통제를 더 많은 기업으로 확대한다고 밝혔다."),
    ("ko-bank", "중앙은행 기준금리 동결", "중앙은행은 기준금리를 그대로 두었고 물가 상승이 천천히 둔화되고 있다고 말했다."),
    ("ko-ferry", "섬으로 가는 여객선 운항 재개", "두 번의 겨울이 지나 섬으로 가는 여객선이 다시 운항한다."),
    ("es-bank", "El banco central mantiene los tipos", "El banco central mantuvo los tipos de interés y habló de una inflación que baja despacio."),
    ("fr-ferry", "Le bac des îles reprend", "Après deux hivers, le bac des îles reprend la mer. Le café du pont sert de la soupe."),
)  # fmt: skip

QUERIES: Mapping[str, Mapping[str, int]] = {
    # query → name of each article that answers it: 2 right what is meant, 1 near it
    "steel tariffs": {"en-tariff": 2},
    "tariff": {"en-tariff": 2, "en-port": 2},
    "ferries": {"en-ferry": 2},
    "central bank interest rate": {"en-bank": 2},
    "river bank": {"en-river": 2},
    "semiconductor export control": {"en-chips": 2},
    "storm harbour": {"en-storm": 2},
    "island elections council": {"en-vote": 2},
    "climate policies": {"en-climate": 2},
    "lighthouses": {"en-light": 2},
    "半导体 出口管制": {"zh-chips": 2},
    "出口": {"zh-trade": 2, "zh-chips": 2},
    "港口咖啡": {"zh-cafe": 2},
    "利率": {"zh-bank": 2},
    "高速铁路": {"zh-rail": 2},
    "议会选举": {"zh-vote": 2},
    "半導体 輸出規制": {"ja-chips": 2},
    "新幹線": {"ja-rail": 2},
    "台風 港": {"ja-storm": 2},
    "반도체 수출": {"ko-chips": 2},
    "기준금리": {"ko-bank": 2},
    "여객선": {"ko-ferry": 2},
    "tipos de interes": {"es-bank": 2},
    "îles bac": {"fr-ferry": 2},
}


def ndcg(results: Sequence[str], relevance: Mapping[str, int], at: int = 10) -> float:
    """Normalised discounted cumulative gain (Järvelin and Kekäläinen 2002) of the first `at` results, 0 to 1."""
    gain = sum((2 ** relevance.get(name, 0) - 1) / math.log2(rank + 2) for rank, name in enumerate(results[:at]))
    best = sorted(relevance.values(), reverse=True)[:at]
    return float(gain / sum((2**value - 1) / math.log2(rank + 2) for rank, value in enumerate(best)))


def search_names(connection: duckdb.DuckDBPyConnection, query: str) -> list[str]:
    """The names of the articles that the search returns, best match first. An article's address ends in its name."""
    return [url.rpartition("/")[2] for (url,) in connection.execute("SELECT url FROM search($1)", [query]).fetchall()]


def main() -> None:
    from pathlib import Path

    from warehouse.publish.search_index import build

    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA clean")
        connection.execute(
            "CREATE TABLE clean.articles (article_id VARCHAR, content_hash VARCHAR, title VARCHAR, "
            "content_text VARCHAR, first_seen_at TIMESTAMPTZ, url VARCHAR, feed_id VARCHAR, published_at TIMESTAMPTZ, language VARCHAR)"
        )
        rows = [[name, name, title, text, f"/{name}", name[:2]] for name, title, text in ARTICLES]
        connection.executemany(
            "INSERT INTO clean.articles BY NAME SELECT $1 AS article_id, $2 AS content_hash, $3 AS title, "
            "$4 AS content_text, $5 AS url, $6 AS language",
            rows,
        )
        with tempfile.TemporaryDirectory() as folder:
            build(connection, Path(folder) / "none", Path(folder) / "scratch")
        scores = {query: ndcg(search_names(connection, query), relevance) for query, relevance in QUERIES.items()}
    for query, score in scores.items():
        print(f"{score:.2f}  {query}")
    print(f"{sum(scores.values()) / len(scores):.3f}  mean nDCG@10 of {len(scores)} queries")


if __name__ == "__main__":
    main()
