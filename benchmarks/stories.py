# ruff: noqa: E501 - each paragraph is one line
"""The texts from which benchmarks/duplicates.py makes its labelled articles. They were written for this; none is copied."""

from __future__ import annotations

from dataclasses import dataclass

Change = tuple[str, str]
"""(before, after)"""


@dataclass(frozen=True, slots=True)
class Story:
    """A report, with the material for its copies and for other reports."""

    language: str
    title: str
    headline: str
    """Another desk's headline for the same text."""
    paragraphs: tuple[str, ...]
    """The last one is the background that later reports repeat."""
    changes: tuple[Change, ...]
    """Light edits to the text."""
    addition: str
    """A paragraph that is added later."""
    retold: tuple[str, str]
    """Title and text of another writer's report of the same event."""
    later: tuple[str, str]
    """Title and first paragraph of the next day's report."""

    @property
    def text(self) -> str:
        return "\n\n".join(self.paragraphs)


@dataclass(frozen=True, slots=True)
class Notice:
    """A text of a line or two."""

    language: str
    title: str
    text: str
    change: Change
    """A light edit to the text."""
    figures: tuple[Change, ...]
    """Edits that make it a different notice from the same template: only a figure or a name, if possible."""
    other_title: str
    """A title that makes it a different item: a table, a clip or a column whose text is always the same."""


@dataclass(frozen=True, slots=True)
class Template:
    """A report that a machine writes every day with different figures."""

    language: str
    title: str
    text: str
    days: tuple[tuple[str, ...], ...]
    """The values for each day; the first value also fills the title."""
    several: bool = False
    """Whether each day's report is in a different feed."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel that puts much the same text below every item."""

    language: str
    clips: tuple[tuple[str, str], ...]
    """Each item's title and own line."""
    below: str
    """The text below every item."""


STORIES = (
    Story(
        "en",
        "Council to rebuild the broken north quay",
        "Nine million for the harbour: work begins in April",
        (
            "The harbour council agreed on Tuesday to rebuild the north quay, which a storm broke in two last winter. The work will begin in April and take about fourteen months. Until then the ferry to the islands leaves from the fish market, where a floating jetty was put up in March.",
            "Fishermen had asked for a longer quay, so that two boats can unload at the same time; the council's engineers said that the sea floor falls away too steeply for it. The cost is put at nine million, of which the region pays half.",
            "Opponents wanted the money for the school on the hill, whose roof leaks. The mayor said that the one does not rule out the other, and that a plan for the school will be shown before the summer.",
        ),
        (("on Tuesday", "late on Tuesday"), ("about fourteen months", "some 14 months"), ("nine million", "9 million"), ("Opponents wanted", "Its opponents wanted")),
        "After the vote some thirty people stayed in front of the town hall with umbrellas and a bucket. They will come back on Thursday, one of them said, when the parents' council meets.",
        (
            "Storm damage: harbour gets its quay back",
            "Work on the broken north quay is to start in spring. That was decided in the council's session this week, with two votes against. A jetty at the market serves the ferry in the meantime. Nine million has been set aside, and half of that will come from the region's purse. People on the hill are angry: rain has come through the roof of their school for three winters, and nobody has put a date on its repair. The mayor asks for patience. Fishing families had hoped for room for a second boat, and did not get it because the water is deep there.",
        ),
        (
            "Parents take the harbour vote to court",
            "A day after the vote on the north quay, parents from the hill have gone to the administrative court. Their lawyer says that the council was not shown the report on the school, although it lay on the mayor's desk since January. A judge is to decide on Monday whether the contract with the builders may be signed. The builders, two firms from the mainland, say that every week of delay costs them the tide they need.",
        ),
    ),
    Story(
        "en",
        "Bakery finds lost recipe in flood cellar",
        "How a flood gave a town its bread back",
        (
            "When the water left the cellar of the Aldous bakery, it left a tin box behind. In it lay a book of recipes from 1911, wrapped in wax cloth and quite dry, among them the black loaf for which the town was once known and which nobody has baked since the war.",
            "Mara Aldous, who runs the bakery in the fourth generation, spent a month with it. The flour it names is not milled any more; a farmer in the next valley grows 3 acres of the old rye for his hens, and sold her half of it. The first 40 loaves were gone by seven in the morning.",
            "The flood in May had filled 212 cellars and closed the road to the pass for nine days. The insurers have paid for two thirds of the damage so far, the county said last week.",
        ),
        (("a tin box", "an old tin box"), ("spent a month with it", "worked on it for a month"), ("were gone by seven", "had gone by 7"), ("said last week", "says")),
        "The museum has asked for the book. It can have it at Christmas, Aldous said, when the shop is closed; until then she needs it beside the oven, flour on the pages or not.",
        (
            "A black loaf returns after eighty years",
            "There is a queue before dawn again in Mill Street. What people wait for is bread as their great-grandparents ate it: dark, sour, and heavy enough to keep a door open. Its recipe was thought lost until this summer, when Mara Aldous cleared the mud out of her family's cellar and found a book in a tin. She had to look long for the grain. A man who feeds it to his chickens let her have some, and says that the birds have not forgiven him.",
        ),
        (
            "Old rye is sold out until next harvest",
            "The farmer whose rye goes into the black loaf has no more to sell. What is left of it he needs as seed, he told the people who stood in his yard on Saturday; next year he will sow 12 acres. The bakery has flour for two weeks and sells one loaf to each household now. A mill in the county town has offered to grind spelt instead, which Mara Aldous calls a kind idea and another bread.",
        ),
    ),
    Story(
        "de",
        "Seilbahn zum Burgberg bleibt bis Herbst geschlossen",
        "Kein Weg nach oben: Stadt wartet auf neue Tragseile",
        (
            "Die Seilbahn auf den Burgberg fährt frühestens im Oktober wieder. Bei der jährlichen Prüfung fanden die Fachleute an einem der beiden Tragseile gebrochene Drähte, wie die Stadtwerke am Mittwoch mitteilten. Ein neues Seil sei bestellt, doch der einzige Hersteller im Land habe eine Lieferzeit von fünf Monaten.",
            "Für die Gastwirte auf dem Berg ist das ein verlorener Sommer. Drei Viertel ihrer Gäste kamen bisher mit der Bahn; der Fußweg ist steil und nach Regen kaum zu gehen. Die Stadt will nun einen Kleinbus einsetzen, der zwanzig Personen fasst und jede halbe Stunde fährt.",
            "Die Bahn wurde 1926 gebaut und zuletzt vor elf Jahren erneuert. Im vergangenen Jahr beförderte sie 184000 Fahrgäste, so viele wie nie zuvor.",
        ),
        (("am Mittwoch mitteilten", "mitteilten"), ("fünf Monaten", "etwa fünf Monaten"), ("zwanzig Personen", "20 Personen"), ("so viele wie nie zuvor", "mehr als je zuvor")),
        "Der Betriebsrat fordert, die acht Beschäftigten der Bahn in dieser Zeit nicht in Kurzarbeit zu schicken. Sie könnten den Bus fahren, sagte seine Vorsitzende, vier von ihnen hätten den Führerschein dafür.",
        (
            "Gebrochene Drähte, leere Tische",
            "Oben auf dem Burgberg stehen die Stühle noch aufeinander. Seit die Prüfer im Seil der Bahn schadhafte Stellen entdeckt haben, kommt kaum noch jemand herauf. Vor dem Herbst wird sich daran nichts ändern, denn Ersatz muss erst gefertigt werden. Ein Bus soll helfen, doch die Straße ist schmal, und wer einmal im Regen zu Fuß gegangen ist, kommt nicht wieder. Eine Wirtin hat ihre Köche schon nach Hause geschickt. Sie rechnet mit einem Ausfall, den ihr niemand ersetzt.",
        ),
        (
            "Erster Bus zum Burgberg bleibt stecken",
            "Der Kleinbus, der die Seilbahn ersetzen soll, ist gleich auf seiner ersten Fahrt an der zweiten Kehre hängen geblieben. Verletzt wurde niemand; die Fahrgäste stiegen aus und gingen den Rest zu Fuß. Die Straße sei auf den Plänen vierzig Zentimeter breiter als in Wirklichkeit, sagte ein Sprecher der Stadt. Nun wird ein schmalerer Wagen gesucht, der allerdings nur neun Plätze hat.",
        ),
    ),
    Story(
        "fr",
        "La bibliothèque ouvrira la nuit pendant les examens",
        "Réviser jusqu'à l'aube : l'université tente l'expérience",
        (
            "La bibliothèque universitaire restera ouverte toute la nuit du 4 au 22 mai, a annoncé jeudi la présidente de l'université. Les étudiants demandaient depuis longtemps un endroit calme où travailler après dix heures du soir, beaucoup d'entre eux partageant une chambre avec un frère ou un colocataire.",
            "Deux gardiens et un bibliothécaire seront présents. La cafétéria servira de la soupe jusqu'à deux heures, puis seuls les distributeurs resteront allumés. Le dernier tramway passant à minuit et demi, une navette ramènera les lecteurs vers les résidences à trois heures et à cinq heures.",
            "L'essai coûtera 38000 euros, payés par moitié par la ville. Une expérience semblable avait été abandonnée il y a six ans, faute de lecteurs : on en comptait douze par nuit en moyenne.",
        ),
        (("a annoncé jeudi", "a annoncé ce jeudi"), ("dix heures du soir", "22 heures"), ("jusqu'à deux heures", "jusqu'à 2 heures"), ("payés par moitié", "financés par moitié")),
        "Le syndicat du personnel s'inquiète de la suite. Si l'essai réussit, a dit sa secrétaire, il faudra embaucher, et non demander aux mêmes agents de dormir le jour.",
        (
            "Des nuits blanches parmi les livres",
            "Ils arriveront avec une couverture et un thermos. Pendant presque trois semaines, au printemps, les salles de lecture du campus ne fermeront plus. L'idée vient d'une pétition signée par neuf cents étudiants, dont la plupart n'ont pas de bureau chez eux. On a prévu de quoi manger chaud, de quoi rentrer, et quelqu'un pour retrouver un livre à quatre heures du matin. La dernière tentative avait tourné court ; cette fois, la mairie met la main à la poche.",
        ),
        (
            "Première nuit : quatre cents lecteurs et plus de soupe",
            "On attendait cent personnes, il en est venu quatre fois plus. Dès onze heures, toutes les places de la grande salle étaient prises et des étudiants lisaient assis dans l'escalier. La soupe a manqué avant minuit. La navette de trois heures, prévue pour trente passagers, a dû faire deux voyages. La présidente promet une seconde salle dès lundi et demande qu'on laisse les matelas à la maison.",
        ),
    ),
    Story(
        "es",
        "El consejo del puerto reconstruirá el muelle norte",
        "Nueve millones para el muelle que partió la tormenta",
        (
            "El consejo del puerto acordó el martes reconstruir el muelle norte, que una tormenta partió en dos el invierno pasado. Las obras empezarán en abril y durarán unos catorce meses. Hasta entonces el transbordador a las islas sale del mercado de pescado, donde en marzo se instaló un embarcadero flotante.",
            "Los pescadores pedían un muelle más largo para descargar dos barcos a la vez; los ingenieros del consejo dijeron que el fondo cae con demasiada pendiente. El coste se calcula en nueve millones, de los que la región paga la mitad.",
            "El puerto vive del pescado desde hace tres siglos. El año pasado se descargaron en él 6200 toneladas, casi todas de sardina, y trabajaron en sus lonjas unas cuatrocientas personas.",
        ),
        (("el martes", "este martes"), ("unos catorce", "cerca de catorce"), ("nueve millones", "9 millones"), ("casi todas", "en su mayoría")),
        "La cofradía se reunirá el domingo para decidir si acepta el acuerdo. Su patrón mayor adelantó que pedirá al menos una segunda grúa, que no necesita más fondo y cuesta menos que un metro de muelle.",
        (
            "El puerto tendrá muelle nuevo, pero no más largo",
            "Habrá muelle antes de dos veranos, si el tiempo lo permite. Así lo votó el consejo tras una sesión de cuatro horas en la que los patrones de pesca salieron perdiendo: querían sitio para otro barco y se quedan con el de siempre, porque las aguas son allí muy hondas. La mitad del dinero llega de fuera. Mientras tanto, quien viaje a las islas seguirá embarcando junto a los puestos del mercado, entre cajas de hielo y gaviotas.",
        ),
        (
            "Los pescadores cortan la entrada del puerto",
            "Catorce barcos amarrados unos a otros cerraron el miércoles la bocana durante tres horas, en protesta por el acuerdo del día anterior. Ningún mercante pudo entrar y el transbordador salió con retraso. El patrón mayor dijo que volverán a hacerlo el viernes si nadie los recibe. La capitanía anunció multas, aunque no dijo de cuánto ni para quién.",
        ),
    ),
    Story(
        "ru",
        "Ночной поезд к морю вернётся в июне",
        "После шести лет перерыва: снова поездом к морю",
        (
            "Ночной поезд к морю снова пойдёт с первого июня, сообщила в пятницу железная дорога. Он будет отправляться в девять вечера и приходить на побережье в половине восьмого утра. В составе двенадцать вагонов, из них один багажный, в который можно сдать велосипед.",
            "Билеты поступят в продажу в середине апреля. Место в купе обойдётся примерно втрое дешевле самолёта, а дети до семи лет поедут бесплатно. Вагон-ресторана не будет: вместо него проводники станут разносить чай и горячие завтраки.",
            "Поезд отменили шесть лет назад, когда закрыли на ремонт мост через залив. Тогда им пользовались 310 тысяч человек в год, и городской совет трижды просил вернуть его.",
        ),
        (("сообщила в пятницу", "сообщила"), ("в девять вечера", "в 21 час"), ("двенадцать вагонов", "12 вагонов"), ("в середине апреля", "с середины апреля")),
        "Жители посёлков вдоль линии просят, чтобы поезд останавливался и у них. Дорога обещает ответить к маю, но предупреждает, что каждая остановка прибавляет к пути девять минут.",
        (
            "Чай, полка и рассвет над заливом",
            "Летом к морю опять можно будет уехать с вечера и проснуться у воды. Расписание составили так, чтобы успеть после работы, а цену назначили такую, что самолёт проигрывает. Велосипеды возьмут отдельно. Тем, кто помнит прежний ресторан с белыми скатертями, придётся обойтись подносом у двери. Всё это стало возможным, потому что наконец достроили мост, который чинили дольше, чем когда-то возводили.",
        ),
        (
            "Билеты на поезд к морю раскупили за час",
            "Все места на июньские поезда к морю проданы за первый же час. Сайт дважды переставал отвечать, а у касс люди стояли с четырёх утра. Дорога обещает добавить три вагона и пустить второй состав по выходным, если найдёт локомотив. Перекупщики уже просят за нижнюю полку вдвое больше, и полиция начала проверку.",
        ),
    ),
    Story(
        "zh",
        "港口委员会决定重建北码头",
        "九百万修码头 四月动工",
        (
            "港口委员会周二决定重建北码头。去年冬天的一场风暴把它冲成两截。工程将于四月开始,预计需要十四个月。在此之前,前往群岛的渡轮从鱼市场出发,三月份那里已经架设了一座浮动栈桥。",
            "渔民曾要求把码头建得更长,以便两条船同时卸货,但委员会的工程师说,那里的海底下降得太陡。费用估计为九百万,其中一半由大区承担。",
            "反对者希望把这笔钱用于山上的学校,那里的屋顶一直漏水。市长表示,两件事并不矛盾,学校的方案将在夏天之前公布。",
        ),
        (("周二决定", "星期二晚决定"), ("预计需要十四个月", "大约需要14个月"), ("九百万", "900万"), ("市长表示", "市长随后表示")),
        "表决之后,约三十名家长撑着伞、提着水桶留在市政厅门前。其中一人说,周四家长会开会的时候,他们还会再来。",
        (
            "风暴过后 码头终于要修了",
            "北码头的重建工程今年春天动工,本周的会议以多数票通过了这一决定。渡轮暂时停靠鱼市场旁的浮桥。整个项目要花九百万,大区出一半。山上的居民很不满,因为学校漏雨已经三个冬天了,却没有人给出修理的日期。市长请大家耐心等待。渔民希望有第二个泊位,但是水太深,没能如愿。",
        ),
        (
            "家长起诉港口委员会",
            "北码头表决后的第二天,山上的家长向行政法院提起诉讼。他们的律师说,学校的检查报告从一月起就放在市长桌上,却没有交给委员们看。法官将在下周一决定能否与施工方签约。两家承包商来自大陆,他们说每推迟一周就会错过一次合适的潮水。",
        ),
    ),
    Story(
        "zh",
        "山村小学用上雨水冲厕",
        "一场雨够用半个月:学生自己设计的水箱",
        (
            "石坪村小学的屋顶上,三只旧油桶接成的水箱本月开始供水。雨水顺着竹槽流下来,先过沙子和木炭,再进水箱,用来冲厕所和浇菜。校长说,一场大雨够全校一百二十名学生用半个月。",
            "水箱是五年级的科学小组画的图纸。他们量了屋顶的面积,查了县气象站二十年的降雨记录,算出需要多大的桶。村里的铁匠免费焊接,家长们用两个周末挖好了管沟。",
            "石坪村地处石灰岩山区,地表存不住水,过去每天要派人到四公里外的泉眼挑水。县里计划明年把自来水接到村口。",
        ),
        (("本月开始供水", "从本月起供水"), ("一百二十名学生", "120名学生"), ("免费焊接", "免费帮忙焊接"), ("明年把自来水", "于明年把自来水")),
        "邻村的两所小学已经派老师来看过。科学小组把图纸抄了两份,还附上一张清单,写明哪些零件在集市上买得到,哪些要自己做。",
        (
            "孩子们算出来的水",
            "下雨的时候,石坪村的孩子会跑到屋檐下听水声。过去他们轮流挑水上厕所,来回要走一个多钟头。去年科学课上,有个男孩问屋顶上的雨都去哪儿了,这个问题后来变成了一张图,又变成三只刷了漆的铁桶。现在厕所不再有味道,菜地也绿了。老师说,最难的不是焊桶,而是让孩子们相信自己算得对。",
        ),
        (
            "暴雨压垮水箱支架 学校连夜抢修",
            "一场下了整夜的暴雨让石坪村小学的水箱超载,支架的一条腿弯了。周三凌晨,值班老师听见响声后关上进水阀,没有人受伤。铁匠天亮前赶到,用两根旧钢轨把支架重新撑住。科学小组在黑板上重新计算,发现当初漏算了水箱装满时的重量。",
        ),
    ),
    Story(
        "ja",
        "昨冬の嵐で折れた北埠頭、再建へ",
        "港の再建費は九百万、工事は四月から",
        (
            "港湾評議会は火曜日、昨冬の嵐で二つに折れた北埠頭を再建することを決めた。工事は四月に始まり、およそ十四か月かかる。それまでの間、島へ向かう連絡船は魚市場から出る。三月にはそこに浮き桟橋が設けられた。",
            "漁師たちは二隻が同時に荷揚げできる長い埠頭を求めていたが、評議会の技師は海底の傾斜が急すぎると説明した。費用は九百万と見積もられ、半分は地域が負担する。",
            "反対する人々は、雨漏りの続く丘の上の学校に予算を回すよう訴えていた。町長は両立できると述べ、学校の計画を夏までに示すと約束した。",
        ),
        (("火曜日、", "火曜日夜、"), ("およそ十四か月", "約14か月"), ("九百万と見積もられ", "900万と見積もられ"), ("約束した", "話した")),
        "採決のあと、傘とバケツを手にした三十人ほどが役場の前に残った。木曜日に保護者会が開かれるときにまた来る、と一人が語った。",
        (
            "連絡船は当面、魚市場から",
            "壊れたままだった北の埠頭に、ようやく修理のめどが立った。春に着工し、来年の初夏には船が着けられる見込みだ。今週の会議では反対が二票あった。丘に住む親たちは、教室に雨が落ちるのを三年も待たされていると怒る。漁をする家は船をもう一隻つける場所を望んだが、水が深いという理由でかなわなかった。お金の半分は外から来る。",
        ),
        (
            "保護者ら、埠頭の採決をめぐり提訴",
            "北埠頭の採決から一夜明けた水曜日、丘の上の保護者らが行政裁判所に訴えを起こした。代理人の弁護士は、学校の調査報告が一月から町長の机にあったのに評議員に示されなかったと主張する。裁判官は月曜日、業者との契約を認めるかどうか判断する。請け負う二社は、一週間遅れるごとに必要な潮を逃すと話している。",
        ),
    ),
    Story(
        "ko",
        "섬마을 우체국, 드론으로 약 배달 시작",
        "배가 끊겨도 약은 온다",
        (
            "남쪽 바다의 작은 섬 세 곳에서 월요일부터 우체국 드론이 약을 나르기 시작했다. 육지의 보건소에서 처방한 약을 작은 상자에 담아 보내면 이십오 분 뒤 마을회관 마당에 내려앉는다. 파도가 높아 배가 뜨지 못하는 날에도 바람이 초속 십 미터를 넘지 않으면 날 수 있다.",
            "지금까지 주민들은 혈압약 하나를 받으려고 왕복 네 시간을 배로 오가야 했다. 겨울에는 일주일 넘게 배가 끊기는 일도 잦았다. 우체국은 올해 말까지 무료로 운영한 뒤 요금을 정할 계획이다.",
            "세 섬에는 모두 백팔십여 명이 살고 있으며 열에 일곱은 예순다섯 살이 넘는다. 섬에 하나뿐이던 약국은 구 년 전에 문을 닫았다.",
        ),
        (("월요일부터", "지난 월요일부터"), ("이십오 분 뒤", "25분 뒤"), ("초속 십 미터", "초속 10미터"), ("정할 계획이다", "정하기로 했다")),
        "우체국은 가을부터 신선한 채소도 시험 삼아 보내기로 했다. 다만 상자에 실을 수 있는 무게가 삼 킬로그램뿐이라 쌀이나 물은 여전히 배로 날라야 한다.",
        (
            "하늘에서 내려온 혈압약",
            "마을회관 마당에 모인 노인들은 한동안 말없이 하늘만 보았다. 상자가 내려오자 박수가 터졌다. 약을 타러 새벽 배를 타던 시절이 이제 끝난다고 이장은 말했다. 폭풍이 심한 날에는 아직 어렵지만 웬만한 물결은 문제가 되지 않는다. 당분간 돈은 받지 않는다. 남은 걱정은 기계가 고장 났을 때 고칠 사람이 섬에 없다는 점이다.",
        ),
        (
            "갈매기 떼에 막힌 배달 드론",
            "섬에 약을 나르던 우체국 드론이 화요일 오후 갈매기 떼를 만나 되돌아갔다. 다친 새는 없었고 약은 저녁 배로 전해졌다. 우체국은 새가 알을 품는 오월까지 비행 높이를 올리고 절벽 쪽 길을 피하기로 했다. 조류 학자들은 날개 소리가 새들에게 매처럼 들릴 수 있다고 설명했다.",
        ),
    ),
)  # fmt: skip


NOTICES = (
    Notice(
        "en", "Ferry to the islands cancelled", "The ferry to the islands does not sail this evening because of the gale. The next one leaves at 7.15 tomorrow; tickets stay valid.",
        ("because of the gale", "because of the wind"), (("7.15", "9.40"),), "Ferry to the mainland cancelled",
    ),
    Notice(
        "en", "Water main burst", "A water main burst in Mill Street at noon. Forty houses are without water until late in the evening, the waterworks say.",
        ("until late in the evening", "until the evening"), (("Mill Street", "Tower Lane"),), "What the waterworks said today",
    ),
    Notice(
        "de", "Sperrung der Hafenbrücke", "Die Hafenbrücke ist am Samstag von 22 Uhr bis Sonntag um 6 Uhr für alle Fahrzeuge gesperrt. Fußgänger können die Fähre benutzen.",
        ("für alle Fahrzeuge", "für den Verkehr"), (("Samstag", "Montag"), ("Sonntag", "Dienstag")), "Sperrung der Mühlenbrücke",
    ),
    Notice(
        "fr", "Collision sur la nationale", "Deux voitures se sont heurtées vendredi matin sur la nationale, à hauteur du moulin. Trois personnes sont légèrement blessées ; la route est rouverte.",
        ("Deux voitures", "Deux véhicules"), (("vendredi", "mardi"),), "Collision sur la rocade",
    ),
    Notice(
        "es", "Cortes de agua en el centro", "El servicio de aguas cortará el suministro en el centro el jueves de nueve a dos por trabajos en la red. Se recomienda guardar agua para beber.",
        ("por trabajos en la red", "por obras en la red"), (("el jueves", "el lunes"),), "Cortes de agua en el puerto",
    ),
    Notice(
        "ru", "Временно закрыт мост через залив", "Мост через залив закрыт для грузовиков до понедельника из-за сильного ветра. Легковые машины пропускают по одной полосе, сообщила дорожная служба.",
        ("из-за сильного ветра", "из-за ветра"), (("до понедельника", "до среды"),), "Временно закрыт мост через канал",
    ),
    Notice(
        "zh", "明早六点全岛停水", "供水公司通知,明早六点至十点检修管道,全岛暂停供水,请居民提前储水。",
        ("请居民提前储水", "请提前储水"), (("六点至十点", "六点至九点"),), "明早六点全镇停水",
    ),
    Notice(
        "zh", "沿海高速因大雾封闭", "受大雾影响,沿海高速北段今晨封闭,预计上午十一点恢复通行。",
        ("今晨封闭", "今早封闭"), (("北段", "南段"),), "环城高速因大雾封闭",
    ),
    Notice(
        "ja", "島への連絡船、強風で欠航", "強風のため、島へ向かう連絡船は今夜すべて欠航する。次の便は明朝七時十五分に出る。",
        ("すべて欠航する", "全便欠航する"), (("七時十五分", "九時四十分"),), "本土への連絡船、強風で欠航",
    ),
    Notice(
        "ja", "駅前の図書館が休館", "駅前の図書館は空調の工事のため、三日から九日まで休館する。返却口は使える。",
        ("空調の工事のため", "空調工事のため"), (("三日から九日", "十日から十四日"),), "港の図書館が休館",
    ),
    Notice(
        "ko", "강풍으로 섬 여객선 결항", "강한 바람으로 오늘 저녁 섬으로 가는 여객선이 모두 결항한다. 다음 배는 내일 아침 일곱 시에 떠난다.",
        ("모두 결항한다", "전부 결항한다"), (("일곱 시", "여덟 시"),), "강풍으로 육지 여객선 결항",
    ),
    Notice(
        "ko", "시립 수영장 임시 휴관", "시립 수영장은 물탱크 청소로 수요일까지 문을 닫는다. 회원권 기간은 사흘 늘어난다.",
        ("문을 닫는다", "쉰다"), (("수요일", "토요일"),), "시립 체육관 임시 휴관",
    ),
)  # fmt: skip


TEMPLATES = (
    Template(
        "en", "Harbour weather for {0}",
        "Weather for {0}: {1} in the morning, {2} after noon. Winds from the {3}, force {4}. Sea temperature {5} degrees. Sunrise at {6}, sunset at {7}. High water at {8} and low water at {9}. Ferries: {10}. Bathing: {11}. Outlook for the week: {12}. The next report comes at {13}.",
        (
            ("Monday", "fog", "clear skies", "west", "4", "11", "6.12", "19.10", "8.05", "14.20", "on time until dusk", "from the south beach only", "milder and dry with some haze", "noon"),
            ("Tuesday", "haze", "sunny spells", "south", "2", "12", "6.14", "19.08", "8.50", "15.01", "on time", "from both beaches", "warm until Saturday", "six"),
            ("Friday", "thick cloud", "heavy showers", "north east", "7", "9", "6.20", "19.02", "11.15", "17.30", "all cancelled", "forbidden everywhere", "cold rain and gales from Sunday on", "six"),
        ),
    ),
    Template(
        "en", "Earthquake off the coast",
        "An earthquake of magnitude {0} was recorded at {1} on {2}, {3} kilometres {4} of the harbour at a depth of {5} kilometres. This report was written by a program from the seismic network's data and was not checked by an editor. In the last ten days there were {6} earthquakes of magnitude 3 or more nearby. If you felt it, tell the network what you noticed.",
        (
            ("3.4", "02.14", "Monday", "21", "west", "8", "none"),
            ("4.1", "17.52", "Thursday", "64", "south", "15", "two"),
            ("3.8", "11.07", "Saturday", "9", "north west", "12", "three"),
        ),
    ),
    Template(
        "de", "Pegel und Schifffahrt am {0}",
        "Der Pegel an der Hafenbrücke stand am {0} um sechs Uhr bei {1} Zentimetern, das sind {2} mehr als am Vortag. Für die kommenden Tage rechnet das Amt mit {3}. Schiffe mit mehr als {4} Metern Tiefgang dürfen {5}. An der Schleuse warteten {6} Schiffe, die Wartezeit betrug {7}. Die Wassertemperatur lag bei {8} Grad.",
        (
            ("Montag", "312", "14", "weiter steigendem Wasser", "2,8", "bei Flut einlaufen", "sieben", "fünfzig Minuten", "9"),
            ("Mittwoch", "347", "22", "einem Scheitel in der Nacht zum Freitag", "2,5", "nicht einlaufen", "elf", "zwei Stunden", "10"),
            ("Samstag", "329", "3", "langsam fallenden Ständen", "3,1", "mit Lotsen einlaufen", "vier", "eine halbe Stunde", "8"),
        ),
        several=True,
    ),
    Template(
        "es", "Precios de la lonja",
        "Precios de la lonja del {0}: la sardina abrió a {1} euros el kilo y cerró a {2}; la merluza se pagó a {3} y el pulpo a {4}. Entraron {5} barcos con {6} toneladas. La cofradía espera para mañana {7}. El hielo se vende a {8} euros la caja y el gasóleo a {9} el litro.",
        (
            ("lunes", "1,80", "2,10", "9,40", "12,00", "23", "41", "mala mar y pocas capturas", "3,20", "0,91"),
            ("jueves", "2,35", "2,20", "8,75", "13,50", "17", "28", "viento flojo y más barcos", "3,40", "0,88"),
            ("sábado", "1,65", "1,95", "10,10", "11,25", "30", "52", "descanso hasta el martes", "3,10", "0,93"),
        ),
    ),
    Template(
        "fr", "Le prix des carburants au {0}",
        "Au {0}, le litre d'essence coûtait en moyenne {1} euro dans les stations de la région et celui de gazole {2} euro. La station la moins chère se trouvait à {3}. Ce relevé est établi chaque matin par un programme à partir des prix que les exploitants déclarent eux-mêmes ; il n'est pas relu. Les prix sur l'autoroute n'y figurent pas. Pour signaler une erreur, écrivez à la rédaction en indiquant la station et l'heure.",
        (
            ("3 novembre", "1,712", "1,655", "Port-Vieux"),
            ("4 novembre", "1,709", "1,658", "Port-Vieux"),
            ("5 novembre", "1,731", "1,662", "Montclair"),
        ),
    ),
    Template(
        "ru", "Дороги и мосты: {0}",
        "Сводка на {0}. На мосту через залив {1}, на объездной дороге {2}. Ночью ожидается до {3} градусов и {4}. Дорожная служба просит заранее проверить шины и тормоза, держать дистанцию и не останавливаться на обочине без знака. Сводка составляется каждое утро по данным постов и обновляется, когда положение меняется. О ямах и упавших деревьях сообщайте дежурному.",
        (
            ("понедельник", "движение свободное", "ремонт левой полосы", "минус 2", "гололёд"),
            ("вторник", "очередь на въезде", "движение свободное", "минус 5", "снег"),
            ("четверг", "закрыто для грузовиков", "затор у порта", "плюс 1", "туман"),
        ),
        several=True,
    ),
    Template(
        "zh", "{0}收盘报告",
        "{0}今日收报{1}点,{2}{3}点,成交额{4}亿。{5}板块领{2},{6}{2}幅最大,达到百分之{7}。分析人士{8}。外资全天{9}。{10}。",
        (
            ("沿海指数", "3120", "上涨", "42", "800", "航运", "北港轮船", "9", "认为运价还会走高,但提醒投资者注意风险", "净买入30亿", "下周将公布贸易数据,市场预期出口好转"),
            ("山区指数", "987", "下跌", "11", "65", "矿业", "石岭铜业", "5", "把原因归于金属价格疲软和库存偏高", "流出2亿多", "月底的会议可能讨论新的采矿税,企业普遍观望"),
            ("岛屿指数", "1544", "上涨", "7", "120", "旅游", "浪花酒店", "3", "说暑期订单好于去年", "几乎没有进出", "台风季节临近,保险股交易清淡"),
        ),
    ),
    Template(
        "ja", "きょうの潮と漁",
        "{0}の満潮は{1}と{2}、干潮は{3}。波の高さは{4}メートル、水温は{5}度。漁に出た船は{6}隻で、水揚げは{7}トンだった。主な魚種は{8}で、値は一キロ{9}円。組合は明日について{10}と話している。",
        (
            ("三日", "四時十分", "十六時三十分", "十時二十分", "1.5", "14", "38", "22", "いわし", "210", "北風が強まるので小さな船は控えてほしい"),
            ("九日", "八時五分", "二十時十五分", "二時", "0.8", "16", "51", "35", "あじとさば", "340", "波が静かで夜の漁にも出られる"),
            ("二十日", "六時四十分", "十九時", "零時五十分", "2.4", "12", "9", "4", "かれい", "780", "市場は休みになる"),
        ),
    ),
    Template(
        "ko", "{0} 농산물 시세",
        "{0} 도매시장에서 배추 한 포기는 {1}원, 무 한 개는 {2}원에 거래됐다. 양파는 전날보다 {3}퍼센트 {4} 일 킬로그램에 {5}원이었다. 들어온 물량은 모두 {6}톤이다. 상인들은 {7} 내다봤다. 사과는 {8}원, 배는 {9}원이었다.",
        (
            ("월요일", "3200", "1500", "4", "올라", "980", "410", "비가 그치면 값이 내릴 것으로", "2700", "3100"),
            ("수요일", "2950", "1620", "7", "내려", "870", "530", "명절까지 비슷한 값이 이어질 것으로", "2500", "3300"),
            ("토요일", "3680", "1490", "2", "올라", "1010", "290", "태풍 피해에 따라 더 오를 수 있다고", "2900", "2950"),
        ),
    ),
)  # fmt: skip


CHANNELS = (
    Channel(
        "en",
        (
            ("We tried to sail on plywood", "Two weekends, four sheets of plywood and a sail made of an old tent: it floats."),
            ("The winch that saved the boat", "A look into the gearbox of a hand winch from 1950, and what was wrong with it."),
            ("Painting below the waterline", "How much paint a hull needs, and why the second coat is the one that counts."),
            ("Questions from you, answered", "You asked about ropes, about rust and about the cat. Here is all we know."),
        ),
        "If you like what we do, become a member on our page: members see each film a week earlier and get the plans as drawings. Our tools, the camera and the music are listed below; for some of the shops we get a small share of what you spend, which costs you nothing. Write to us in the comments, we read all of them on Sundays. Music by the harbour band, used with their permission. Filmed and cut by the two of us in a shed beside the slipway.",
    ),
    Channel(
        "zh",
        (
            ("用竹子做一把椅子", "这一期我们砍了六根毛竹,从烤弯到编座面,一共做了三天。"),
            ("奶奶的酱缸", "开缸那天全村都闻到了。酱油怎样晒,盐放多少,奶奶一次讲清楚。"),
            ("山里的夜路", "停电之后我们走了两个小时山路去接孩子,手电筒照见了一只猫头鹰。"),
        ),
        "如果你喜欢我们的节目,欢迎点赞、收藏并转发给朋友。加入会员可以提前一周看到新片,还能下载图纸和配方。片中用到的工具和材料列在下方,通过链接购买,店家会给我们一点分成,不会多收你的钱。每个星期天我们会读完所有留言。音乐由村里的锣鼓队演奏,已获许可。拍摄和剪辑都在老屋的阁楼上完成。",
    ),
    Channel(
        "ko",
        (
            ("고등어 세 마리로 차린 저녁", "시장에서 산 고등어를 굽고 조리고 국까지 끓였습니다."),
            ("옥상 텃밭 첫 수확", "봄에 심은 상추와 고추를 드디어 땄습니다. 벌레가 절반을 먹었네요."),
            ("비 오는 날의 수제비", "반죽은 한 시간, 국물은 멸치로. 할머니 방식 그대로 해 봤습니다."),
        ),
        "영상이 마음에 드셨다면 구독과 좋아요를 눌러 주세요. 회원이 되시면 새 영상을 일주일 먼저 보시고 조리법도 내려받으실 수 있습니다. 사용한 그릇과 칼은 아래에 적어 두었으며 일부 가게에서 적은 수수료를 받지만 가격은 같습니다. 댓글은 일요일마다 모두 읽습니다. 음악은 동네 밴드가 허락해 준 곡입니다. 촬영과 편집은 둘이서 부엌 옆방에서 합니다.",
    ),
)  # fmt: skip


BOILERPLATE = (
    # (title, text, how many different items have just these in each of two feeds)
    ("Photo of the day", "Photo of the day", 4),
    ("Read more", "Read more", 4),
    ("In pictures", "", 3),
    ("今日图片", "点击查看全文", 3),
    ("오늘의 사진", "자세히 보기", 2),
    ("Morning briefing", "Here is what you need to know this morning, in five minutes or less, from our correspondents around the coast.", 4),
    ("天气预报", "本站每日清晨发布各地天气预报,详细内容请点击标题查看,祝您出行顺利。", 3),
    ("編集部から", "記事の続きは会員の方だけがお読みになれます。登録は無料です。", 3),
)  # fmt: skip
