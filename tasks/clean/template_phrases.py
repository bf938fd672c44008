"""What publishing systems and sites write into every article, in the languages of their readers.

Phrases are compared by `bare`, so their case, punctuation and arrows do not matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

MAX_PHRASE = 80
"""Characters of a line that only says a phrase."""
MAX_SITE = 120
"""Characters of a site's name."""
MAX_LINE = 300
"""Characters of a line with a link to another article, or of buttons."""


def bare(text: str) -> str:
    """The text in lower case, on one line, without punctuation, arrows and symbols at its ends."""
    line = " ".join(text.casefold().replace("’", "'").split())
    start, end = 0, len(line)
    while start < end and not line[start].isalnum():
        start += 1
    while start < end and not line[end - 1].isalnum():
        end -= 1
    return line[start:end]


def _phrases(*lines: str) -> frozenset[str]:
    return frozenset(bare(phrase) for line in lines for phrase in line.split("|"))


READ_ON = _phrases(
    "read more|continue reading|keep reading|continue reading this post|continue reading this article",
    "read more here|read on|click here to read more|click to read more|read full article|read full story",
    "read full post|read full topic|read the full article|read the full story|read the full post",
    "read the full entry|read the full article here|read the full story here|read the full post here",
    "read the whole story|read the whole article|read the whole post|read the rest|read the rest of this entry",
    "read the rest of this article|read the rest of this post|read it here|read the entire article",
    "read the entire post|read the original article|read the original post|read this article|view original",
    "view original post|view original article|view the original post|visit the original article",
    "this entry has been truncated read the full entry|view full post|view full article|see more",
    "read more of this post|read more of this story|full story|full article|show more|view more|learn more",
    "find out more|seguir leyendo|sigue leyendo|sigue leyendo aquí|continuar leyendo|continúa leyendo|leer más",
    "leer mas|lee más|lea más|leer artículo completo|leer el artículo completo|leer noticia completa",
    "leer la noticia completa|ver más|leer nota completa|leer la nota completa|leer la entrada completa",
    "leer el tema completo|más información|saber más|weiterlesen|weiter lesen|hier weiterlesen|mehr lesen",
    "lesen sie mehr|lesen sie weiter|zum artikel|mehr erfahren|zum vollständigen artikel|ganzen artikel lesen",
    "den ganzen artikel lesen|vollständigen artikel lesen|jetzt lesen|vollständiges thema lesen",
    "lesen sie hier weiter|lesen sie den ganzen artikel|gesamten artikel lesen|lire la suite",
    "lire la suite de l'article|lire plus|en savoir plus|lire l'article|lire l'article complet|voir plus",
    "lire l'article en entier|continuer la lecture|continuer à lire|poursuivre la lecture|lire le sujet en entier",
    "leggi tutto|leggi di più|continua a leggere|leggi l'articolo|leggi l'articolo completo|leggi ancora",
    "leggi il resto|prosegui la lettura|per saperne di più|leia mais|ler mais|continue lendo|continuar lendo",
    "continuar a ler|continue a ler|saiba mais|leia na íntegra|leia a matéria completa|leia o artigo completo",
    "ver mais|ler artigo completo|lees meer|lees verder|verder lezen|meer lezen|lees het hele artikel",
    "lees het volledige artikel|läs mer|läs vidare|fortsätt läsa|läs hela artikeln|læs mere|læs videre",
    "læs hele artiklen|les mer|les videre|les hele saken|lue lisää|fortsett å lese|jatka lukemista",
    "lue koko artikkeli|читать далее|читать дальше|читать полностью|читать ещё|читать еще|читайте далее",
    "продолжить чтение|читать статью полностью|читать новость полностью|узнать больше|прочитать тему полностью",
    "читати далі|читати більше|читати повністю|продовжити читання|докладніше|детальніше|czytaj więcej",
    "czytaj dalej|przeczytaj więcej|czytaj całość|dowiedz się więcej|číst dále|číst více|čtěte více|celý článek",
    "pokračovat ve čtení|čítať ďalej|čítať viac|tovább olvasom|olvass tovább|tovább a cikkre|citește mai mult",
    "citeşte mai mult|citeste mai mult|citește mai departe|citește tot articolul|прочетете повече|прочети още",
    "виж още|pročitaj više|pročitajte više|opširnije|прочитај више|опширније|preberi več|preberite več|llegir més",
    "llegeix més|continua llegint|loe edasi|loe rohkem|skaityti daugiau|skaityti toliau|lasīt vairāk|lasīt tālāk",
    "διαβάστε περισσότερα|διαβάστε τη συνέχεια|περισσότερα|devamını oku|devamını okuyun|daha fazla oku",
    "okumaya devam et|haberin devamı|اقرأ المزيد|إقرأ المزيد|قراءة المزيد|لقراءة المزيد|تابع القراءة",
    "متابعة القراءة|أكمل القراءة|ادامه مطلب|ادامه خواندن|بیشتر بخوانید|ادامه خبر|קרא עוד|קראו עוד|המשך קריאה",
    "להמשך קריאה|और पढ़ें|आगे पढ़ें|पूरा पढ़ें|আরও পড়ুন|আরো পড়ুন|baca selengkapnya|baca lebih lanjut",
    "lanjutkan membaca|đọc thêm|xem thêm|đọc tiếp|xem tiếp|อ่านต่อ|อ่านเพิ่มเติม|ดูเพิ่มเติม|阅读全文|閱讀全文",
    "阅读更多|閱讀更多|查看全文|查看更多|点击查看全文|點擊查看全文|点击阅读全文|點擊閱讀全文|点此阅读全文",
    "继续阅读|繼續閱讀|阅读原文|閱讀原文|查看原文|点击阅读原文|點擊閱讀原文|原文链接|原文連結|了解更多",
    "阅读完整主题|閱讀完整主題|続きを読む|続きを見る|続きはこちら|この記事の続きを読む|もっと読む|もっと見る",
    "全文を読む|記事全文を読む|詳しくはこちら|トピック全体を読む|더 보기|더보기|계속 읽기|자세히 보기|자세히보기",
    "기사 전문 보기|전문 보기|더 읽기|원문 보기|기사 더 보기",
)
"""As a whole paragraph, an invitation to read on. One to another article is READ_ALSO."""
READ_ON_TITLED = _phrases(
    "continue reading|keep reading|read the rest of|seguir leyendo|sigue leyendo|continuar leyendo|weiterlesen",
    "lire la suite de|lire la suite|continuer la lecture de|continua a leggere|continue lendo|continuar a ler",
    "lees verder|fortsätt läsa|læs videre|les videre|czytaj dalej|читать далее|читати далі|okumaya devam et|续读",
    "继续阅读|繼續閱讀",
)
"""Invitations that the article's title may follow, in the same link."""
COMMENTS = _phrases(
    "reply to this post|reply by email|reply via email|leave a comment|leave a reply|add a comment|comments",
    "view comments|comment on this post|discuss this post|permalink|permanent link|永久链接|永久連結|永久连接",
    "发表评论|發表評論|添加评论|deja un comentario|dejar un comentario|comentarios|kommentare",
    "kommentar hinterlassen|kommentieren|schreibe einen kommentar|laisser un commentaire|commentaires",
    "lascia un commento|commenti|deixe um comentário|comentários|оставить комментарий|комментарии|コメントする",
    "コメントを残す|댓글 남기기|zostaw komentarz|plaats een reactie|lämna en kommentar",
)
"""Links to what readers say, below the article."""
SUBSCRIBE = _phrases(
    "subscribe|subscribe now|subscribe to our newsletter|sign up for our newsletter|give a gift subscription",
    "follow us|get more from us in the substack app|upgrade to paid|refer a friend|suscríbete",
    "suscríbete a nuestra newsletter|newsletter abonnieren|jetzt abonnieren|s'abonner|abonnez-vous",
    "iscriviti alla newsletter|assine a newsletter|подписаться|подписывайтесь на наш канал|欢迎订阅|歡迎訂閱",
    "欢迎订阅关注|歡迎訂閱關注|チャンネル登録はこちら|구독하기",
)
SHARE = _phrases(
    "share|share this|share this post|share this article|share this story|share this with|share on|tweet",
    "tweet this|share on facebook|share on twitter|share on x|share on whatsapp|share on linkedin|share via email",
    "email this|print|like this|like loading|share this page|please share|sharing is caring|compartir|comparte",
    "comparte esto|compártelo|comparte este artículo|compartir en facebook|compartir en twitter",
    "compartir en whatsapp|me gusta esto|me gusta cargando|teilen|teilen mit|artikel teilen|diesen artikel teilen",
    "auf facebook teilen|auf twitter teilen|gefällt mir|gefällt mir wird geladen|gefällt mir lade|partager",
    "partager l'article|partager cet article|partager sur facebook|partager sur twitter|j'aime ça",
    "j'aime chargement|sur le même sujet partager|condividi|condividi su|condividi su facebook|mi piace",
    "mi piace caricamento|compartilhe|compartilhe isso|compartilhar|partilhar|curtir isso|curtir carregando",
    "gosto disto|gosto carregando|delen|deel dit|deel dit artikel|vind ik leuk|vind ik leuk aan het laden|dela",
    "del|jaa|поделиться|поделиться ссылкой|поделиться в соцсетях|понравилось это|нравится загрузка|поширити",
    "поділитися|udostępnij|dodaj do ulubionych|lubię wczytywanie|sdílet|sdílejte|paylaş|bunu paylaş|شارك|مشاركة",
    "شارك هذا الموضوع|اشتراک گذاری|分享|分享到|分享此文|分享此文章|分享文章|共享此文章|分享这篇文章|分享這篇文章",
    "赞过|赞 正在加载|喜欢 正在加载|按讚|請按讚|按讚載入中|喜歡 正在載入|シェアする|この記事をシェア",
    "この記事をシェアする|共有|いいね|いいね 読み込み中|공유|공유하기|이 글 공유하기|이것이 좋아요",
    "좋아하기 가져오는 중|bagikan ini|bagikan|chia sẻ|แชร์|κοινοποίηση|μοιραστείτε το",
)
"""What stands above or on the buttons for sharing."""
SHARE_WORDS = _phrases(
    "share|sharing|this|on|via|with|to|tweet|pin|it|compartir|comparte|compártelo|en|por|teilen|auf|bei|per|mit",
    "partager|sur|par|condividi|su|compartilhar|compartilhe|no|na|em|delen|deel|op|dela|på|del|jaa|поделиться|в|на",
    "udostępnij|paylaş|分享|分享到|分享至|转发到|シェア|共有|공유|공유하기|print|copy|link|post|article",
)
NETWORKS = _phrases(
    "facebook|twitter|x|linkedin|whatsapp|telegram|reddit|pinterest|email|mail|messenger|bluesky|threads|mastodon",
    "tumblr|pocket|xing|viber|line|vk|вконтакте|одноклассники|微信|微博|朋友圈|qq空间|豆瓣|카카오톡|flipboard|digg",
)
"""Networks and other ways to pass an article on, as buttons name them."""
RELATED = _phrases(
    "related|related posts|related articles|related stories|related content|related reading|related news",
    "you may also like|you might also like|you may also be interested in|you might be interested in|more from",
    "more stories|more on this story|more on this topic|recommended for you|recommended articles",
    "recommended reading|read next|most read|most popular|trending now|similar posts|noticias relacionadas",
    "artículos relacionados|entradas relacionadas|relacionado|relacionados|te puede interesar|te podría interesar",
    "también te puede interesar|le puede interesar|más noticias|temas relacionados|ähnliche beiträge",
    "ähnliche artikel|verwandte artikel|verwandte beiträge|das könnte sie auch interessieren|mehr zum thema",
    "das könnte dich auch interessieren|auch interessant|weitere artikel|articles similaires|articles liés",
    "similaire|sur le même sujet|sur le même thème|à lire aussi|à lire également|vous aimerez aussi",
    "articles associés|correlati|articoli correlati|potrebbe interessarti|potrebbe interessarti anche",
    "ti potrebbe interessare|leggi anche|notícias relacionadas|artigos relacionados|posts relacionados",
    "veja também|leia também|você também pode gostar|gerelateerd|gerelateerde artikelen|gerelateerde berichten",
    "lees ook|relaterade artiklar|läs också|relaterte artikler|relaterede artikler|похожее|похожие записи",
    "похожие статьи|читайте также|по теме|материалы по теме|схожі записи|читайте також|podobne|podobne artykuły",
    "powiązane wpisy|czytaj też|czytaj także|související články|mohlo by vás zajímat|ilgili haberler",
    "ilgili yazılar|benzer yazılar|مواضيع ذات صلة|مقالات ذات صلة|اقرأ أيضا|مطالب مرتبط|相关|相关文章|相关新闻",
    "相关阅读|相关报道|相关推荐|相关内容|相關|相關文章|相關新聞|相關閱讀|相關報導|延伸阅读|延伸閱讀|推荐阅读",
    "推薦閱讀|您可能感兴趣的文章|您可能感興趣的文章|猜你喜欢|猜你喜歡|你可能会喜欢|你可能還會喜歡|更多文章",
    "热门文章|熱門文章|関連|関連記事|関連リンク|関連ニュース|あわせて読みたい|こちらもおすすめ|おすすめ記事|관련",
    "관련 기사|관련기사|관련 글|추천 기사|함께 보면 좋은 기사|baca juga|artikel terkait|bài viết liên quan",
    "tin liên quan|σχετικά άρθρα",
)
"""What stands above a list of other articles."""
READ_ALSO = RELATED - _phrases("more from", "most read", "most popular", "trending now") | _phrases(
    "read more|more|read also|also read|don't miss|lea también|lee también|leer también|lee además|además",
    "también puede leer|también puedes leer|lesen sie auch|lesen sie mehr|mehr dazu|lies auch|lire aussi",
    "lire également|voir aussi|aussi à lire|per approfondire|leggi di più|leia mais|saiba mais|lees meer|läs mer",
    "läs även|les også|les mer|læs også|læs mere|lue myös|читайте ещё|смотрите также|ещё по теме|zobacz też",
    "zobacz także|zobacz również|přečtěte si také|čtěte také|čítajte aj|citește și|citeşte şi|прочетете още",
    "olvasd el ezt is|ayrıca okuyun|bunu da oku|διαβάστε επίσης|إقرأ أيضا|اقرأ أيضًا|اقرأ أيضاً|اقرأ المزيد",
    "بیشتر بخوانید|קראו גם|यह भी पढ़ें|इसे भी पढ़ें|আরও পড়ুন|xem thêm|đọc thêm|อ่านเพิ่มเติม|阅读更多|閱讀更多",
    "更多阅读|更多新闻|もっと読む|더 읽기|함께 읽기",
)
"""What stands before a link to another article, in the same paragraph."""
_NEW_WINDOW = _phrases(
    "opens in new window|opens in a new window|se abre en una ventana nueva|wird in neuem fenster geöffnet",
    "ouvre dans une nouvelle fenêtre|si apre in una nuova finestra|abre em nova janela|abre numa nova janela",
    "открывается в новом окне|відкривається у новому вікні|wordt in een nieuw venster geopend",
    "otwiera się w nowym oknie|öppnas i ett nytt fönster|åbner i et nyt vindue|åpnes i nytt vindu",
    "avautuu uudessa ikkunassa|yeni pencerede açılır|在新窗口中打开|在新視窗中開啟|在新視窗開啟",
    "新しいウィンドウで開きます|새 창에서 열림|membuka di jendela yang baru|فتح في نافذة جديدة",
)
NEW_WINDOW = re.compile("|".join(sorted(_NEW_WINDOW)))
"""In bare text: what Jetpack writes on each button for sharing."""

FIRST_APPEARED = (
    (
        ("the post", "this post", "the article", "this article", "the entry", "this entry"),
        ("appeared first on", "first appeared on"),
    ),
    (
        ("la entrada", "esta entrada", "el artículo", "la noticia", "el post", "este artículo"),
        ("se publicó primero en", "apareció primero en", "aparece primero en", "publicado originalmente en"),
    ),
    (
        ("der beitrag", "dieser beitrag", "der artikel", "dieser artikel"),
        ("erschien zuerst auf", "erschien zuerst bei"),
    ),
    (("l'article", "cet article", "le post"), ("est apparu en premier sur", "est apparu en premier dans")),
    (
        ("l'articolo", "questo articolo"),
        ("proviene da", "è stato pubblicato per la prima volta su", "sembra essere il primo su"),
    ),
    (
        ("o post", "o artigo", "o conteúdo", "este artigo", "a notícia"),
        ("apareceu primeiro em", "aparece primeiro em", "aparece primeiro no", "apareceu primeiro no"),
    ),
    (("het bericht", "het artikel", "dit bericht"), ("verscheen eerst op", "verscheen als eerste op")),
    (("inlägget", "artikeln"), ("dök först upp på",)),
    (("indlægget", "innlegget"), ("dukkede først op på", "dukket først opp på", "blev først udgivet på")),
    (("artikkeli", "julkaisu"), ("julkaistiin ensimmäisen kerran", "ilmestyi ensin", "julkaistiin ensin")),
    (
        ("сообщение", "запись", "статья", "публикация"),
        ("появились сначала на", "появилась сначала на", "впервые появилась", "впервые появился", "впервые появилось"),
    ),
    (("запис", "допис", "стаття"), ("спершу з'явився на", "вперше з'явився на", "вперше з'явилася на")),
    (("artykuł", "wpis", "post"), ("pochodzi z serwisu",)),
    (("příspěvek", "článek"), ("pochází z", "se nejdříve objevil na")),
    (("articolul", "postarea"), ("apare prima dată în", "apare prima dată pe")),
    (("l'entrada",), ("ha aparegut primer a",)),
    (("artikel", "postingan"), ("pertama kali tampil pada", "muncul pertama kali di", "pertama kali muncul di")),
    (("bài viết", "bài"), ("xuất hiện đầu tiên vào ngày", "xuất hiện đầu tiên trên")),
    (("το άρθρο", "η δημοσίευση", "το"), ("εμφανίστηκε πρώτα στο",)),
    (("ظهرت المقالة", "ظهر المقال", "المقالة"), ("أولاً على", "أولا على")),
    (("نوشته",), ("اولین بار در",)),
    (("הפוסט",), ("הופיע לראשונה ב", "הופיע ראשון ב")),
    (("投稿",), ("に最初に表示されました",)),
    (("a(z)", "a ", "az "), ("bejegyzés először",)),
)
"""WordPress's line below each entry: (how it begins, what stands between the entry's title and the site's name)."""
FIRST_APPEARED_AFTER_TITLE = (
    *("最先出现在", "首先出现在", "最早出现在", "最先發佈於", "最早發佈於", "首先發佈於", "最先出現在", "最早出現在"),
    *("に最初に表示されました", "에 처음 등장했습니다", "yazısı ilk önce"),
)
"""The same, in languages in which it begins with the title."""


_BEFORE_WORDS = re.compile(r"[\W_]*")


class Beginning:
    """Matches text in lower case that begins with one of the phrases, the longest first.

    Most texts begin with other characters than any phrase, and need not be compared with hundreds of phrases.
    """

    def __init__(self, phrases: Iterable[str]) -> None:
        longest_first = sorted(phrases, key=lambda phrase: (-len(phrase), phrase))
        self._pattern = re.compile(rf"(?:{'|'.join(map(re.escape, longest_first))})(?![^\W_])")
        self._starts = frozenset(phrase[:2] for phrase in longest_first)

    def match(self, lower: str) -> re.Match[str] | None:
        words = _BEFORE_WORDS.match(lower)
        start = words.end() if words else 0
        return self._pattern.match(lower, start) if lower[start : start + 2] in self._starts else None
