# ruff: noqa: E501 - a text is a line
"""Near duplicates: precision and recall on labelled texts, and the time an article takes.

    python -m benchmarks.duplicates

The texts are written for this. STORIES are told in several ways each: copied, lightly edited, under another lead, with
another site's boilerplate. DECOYS look alike and are no copies: notices from one template, two reports of one event.
"""

from __future__ import annotations

import itertools
import time

from tasks.similarity import bands, shingles, similarity
from warehouse.duplicates import SIMILAR

EN = (
    "The harbour council agreed on Tuesday to rebuild the north quay, which a storm broke in two last winter. The work will begin in April and take about fourteen months. "
    "Until then the ferry to the islands leaves from the fish market, where a floating jetty was put up in March. Fishermen had asked for a longer quay, so that two boats can unload at the same time; "
    "the council's engineers said that the sea floor falls away too steeply for it. The cost is put at nine million, of which the region pays half. Opponents wanted the money for the school on the hill, whose roof leaks. "
    "The mayor said that the one does not rule out the other, and that a plan for the school will be shown before the summer."
)
ZH = (
    "港口委员会周二决定重建北码头。去年冬天的一场风暴把它冲成两截。工程将于四月开始,预计需要十四个月。在此之前,前往群岛的渡轮从鱼市场出发,三月份那里已经架设了一座浮动栈桥。"
    "渔民曾要求把码头建得更长,以便两条船同时卸货,但委员会的工程师说,那里的海底下降得太陡。费用估计为九百万,其中一半由大区承担。反对者希望把这笔钱用于山上的学校,那里的屋顶一直漏水。"
    "市长表示,两件事并不矛盾,学校的方案将在夏天之前公布。"
)
JA = (
    "港湾評議会は火曜日、昨冬の嵐で二つに折れた北埠頭を再建することを決めた。工事は四月に始まり、およそ十四か月かかる。それまでの間、島へ向かう連絡船は魚市場から出る。"
    "三月にはそこに浮き桟橋が設けられた。漁師たちは二隻が同時に荷揚げできる長い埠頭を求めていたが、評議会の技師は海底の傾斜が急すぎると説明した。費用は九百万と見積もられ、半分は地域が負担する。"
)
ES = (
    "El consejo del puerto acordó el martes reconstruir el muelle norte, que una tormenta partió en dos el invierno pasado. Las obras empezarán en abril y durarán unos catorce meses. "
    "Hasta entonces el transbordador a las islas sale del mercado de pescado, donde en marzo se instaló un embarcadero flotante. Los pescadores pedían un muelle más largo para descargar dos barcos a la vez; "
    "los ingenieros del consejo dijeron que el fondo cae con demasiada pendiente. El coste se calcula en nueve millones, de los que la región paga la mitad."
)


def edited(text: str, *changes: tuple[str, str]) -> str:
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after)
    return text


STORIES: tuple[tuple[str, ...], ...] = (
    (
        EN,
        EN + " Read more on our site. Subscribe to our newsletter for the news of the day.",
        edited(
            EN,
            ("on Tuesday", "late on Tuesday"),
            ("about fourteen months", "some 14 months"),
            ("nine million", "9 million"),
        ),
        edited(
            EN,
            ("The harbour council agreed on Tuesday to rebuild", "After a long debate the council voted to rebuild"),
            ("Opponents wanted", "Its opponents wanted"),
        ),
        "HARBOUR (Quay News) — " + EN.upper(),
        EN.replace("; ", ". ").replace(", ", " - "),
        EN.rsplit(". ", 2)[0] + ".",
    ),
    (
        ZH,
        "本报讯 " + ZH + " 获取更多新闻,请订阅我们的邮件。",
        edited(ZH, ("周二", "星期二晚"), ("预计需要十四个月", "大约需要14个月"), ("九百万", "900万")),
        edited(
            ZH,
            ("港口委员会周二决定重建北码头。", "经过长时间的辩论,委员会投票通过了重建方案。"),
            ("市长表示", "市长随后表示"),
        ),
        ZH.replace(",", " ").replace("。", "\n\n"),
    ),
    (JA, edited(JA, ("火曜日", "火曜日夜"), ("およそ十四か月", "約14か月")), "【港】" + JA + "（共同）"),
    (
        ES,
        edited(ES, ("el martes", "este martes"), ("unos catorce", "cerca de catorce")),
        ES + " Siga leyendo en nuestra página.",
    ),
)

DECOYS: tuple[str, ...] = (
    # the same event in other words
    "Work on the broken north quay is to start in spring. That was decided in the council's session this week, with two votes against. A jetty at the market serves the ferry in the meantime. "
    "Nine million has been set aside, and half of that will come from the region's purse. People on the hill are angry: rain has come through the roof of their school for three winters, and nobody has put a date on its repair. "
    "The mayor asks for patience. Fishing families had hoped for room for a second boat, and did not get it because the water is deep there.",
    "北码头的重建工程今年春天动工,本周的会议以多数票通过了这一决定。渡轮暂时停靠鱼市场旁的浮桥。整个项目要花九百万,大区出一半。山上的居民很不满,因为学校漏雨已经三个冬天了,却没有人给出修理的日期。"
    "市长请大家耐心等待。渔民希望有第二个泊位,但是水太深,没能如愿。",
    # one template, other facts
    *(
        f"Weather for {day}: {sky} in the morning, {later} after noon. Winds from the {wind}, force {force}. Sea temperature {sea} degrees. Sunrise at {rise}, sunset at {fall}. "
        f"High water at {high} and low water at {low}. {advice} The next report comes at {after}. Ferries: {ferries}. Bathing: {bathing}. Pollen: {pollen}. Outlook for the week: {outlook}."
        for day, sky, later, wind, force, sea, rise, fall, high, low, advice, after, ferries, bathing, pollen, outlook in (
            ("Monday", "fog", "clear skies", "west", "four", "eleven", "six twelve", "nineteen ten", "eight", "fourteen", "Small boats stay in.", "noon", "on time until dusk", "from the south beach only", "high for birch", "milder and dry with some haze"),
            ("Friday", "thick cloud", "heavy showers", "north east", "seven", "nine", "six twenty", "nineteen two", "eleven", "seventeen", "No boats go out today.", "six", "all cancelled", "forbidden everywhere", "none at all", "cold rain and gales from Sunday on"),
        )
    ),
    *(
        f"{index}今日收报{close}点,{move}{points}点,成交额{volume}亿。{sector}板块领{move},{firm}{move}幅最大,达到{share}。分析人士{view}。外资全天{flow}。{bond}。{outlook}。"
        for index, close, move, points, volume, sector, firm, share, view, flow, bond, outlook in (
            ("沿海指数", "三千一百二十", "上涨", "四十二", "八百", "航运", "北港轮船", "百分之九", "认为运价还会走高,但提醒投资者注意风险", "净买入三十亿", "十年期国债收益率小幅回落", "下周将公布贸易数据,市场预期出口好转"),
            ("山区指数", "九百八十七", "下跌", "十一", "六十五", "矿业", "石岭铜业", "百分之五", "把原因归于金属价格疲软和库存偏高", "流出两亿多", "债券市场几乎没有变化", "月底的会议可能讨论新的采矿税,企业普遍观望"),
        )
    ),
    "The ferry to the islands carried more passengers this year than ever before, its operator says. Four in ten came by bicycle. From next summer a second ship is to sail at weekends, paid for by a levy on day tickets. "
    "Islanders fear for their quiet; hotel keepers say that the season grows by three weeks. A decision on cars is put off until the autumn, when the ramp at the fish market has been tested for a whole year.",
    "El transbordador llevó este año más viajeros que nunca, según la empresa. Cuatro de cada diez iban en bicicleta. Desde el próximo verano un segundo barco saldrá los fines de semana, pagado con una tasa sobre los billetes. "
    "Los isleños temen por su tranquilidad; los hoteleros dicen que la temporada se alarga tres semanas.",
)  # fmt: skip


def measured() -> tuple[float, float, list[str]]:
    """(precision, recall, the pairs that were missed or wrongly found) over all pairs of labelled texts."""
    texts = [(number, text) for number, story in enumerate(STORIES) for text in story]
    texts += [(len(STORIES) + number, text) for number, text in enumerate(DECOYS)]
    right = wrong = missed = 0
    says = []
    for (story, one), (other_story, other) in itertools.combinations(texts, 2):
        shared = set(bands(one)) & set(bands(other))
        alike = similarity(shingles(one), shingles(other))
        found = bool(shared) and alike >= SIMILAR
        if found == (story == other_story):
            right += found
            continue
        wrong += found
        missed += not found
        says.append(f"{'found' if found else 'missed'} at {alike:.2f}: {one[:40]!r} and {other[:40]!r}")
    return right / (right + wrong), right / (right + missed), says


def main() -> None:
    precision, recall, says = measured()
    print(*says, sep="\n")
    print(f"precision {precision:.3f}, recall {recall:.3f} of the pairs that tell one story")
    texts = [" ".join([text] * 4) + str(number) for number in range(100) for text in (EN, ZH)]
    began = time.process_time()
    for text in texts:
        bands(text)
    spent = time.process_time() - began
    print(f"{1000 * spent / len(texts):.2f} ms a signature, of {sum(map(len, texts)) // len(texts):,} characters")


if __name__ == "__main__":
    main()
