"""Texts with a known sentiment, written for the test: they say how the seed reads plain praise and blame, not how it reads real people.

Not here: the test (test_insight_feedback.py).
"""

from __future__ import annotations

PLANTED: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        "positive": (
            "Great jacket, it arrived quickly.",
            "I love this tent and will recommend it to my friends.",
            "The staff were friendly and helpful.",
            "No problems at all with the order.",
            "Delivery was late but the quality is excellent.",
            "Comfortable shoes, worth the price.",
            "This never disappoints.",
        ),
        "negative": (
            "The zipper broke after two days.",
            "Terrible service, nobody replied.",
            "It is not good.",
            "Nice colour but it doesn't work and support was rude.",
            "Too expensive for what you get.",
            "My parcel was lost and I am disappointed.",
            "I would never recommend this shop.",
        ),
        "neutral": (
            "I ordered the blue one in size 40.",
            "It was delivered on Tuesday.",
            "Bought it as a gift for my brother.",
            "The package had two boxes in it.",
            "We will see after the winter.",
        ),
    },
    "sv": {
        "positive": (
            "Mycket bra jacka, snabb leverans!",
            "Jag älskar mina nya skor.",
            "Personalen var trevlig och hjälpsam.",
            "Inga problem med beställningen.",
            "Leveransen var sen men kvaliteten är utmärkt.",
            "Prisvärd och bekväm.",
            "Jag är mycket nöjd.",
        ),
        "negative": (
            "Den gick sönder efter två dagar.",
            "Jag är inte nöjd.",
            "Dålig service, ingen svarade.",
            "Fin färg men den fungerar inte.",
            "Alldeles för dyrt för vad man får.",
            "Paketet försvann och jag är besviken.",
            "Jag rekommenderar inte den här butiken.",
        ),
        "neutral": (
            "Jag beställde den blå i storlek 40.",
            "Paketet kom på tisdagen.",
            "Köpte den till min bror.",
            "Det var två lådor i paketet.",
            "Vi får se efter vintern.",
        ),
    },
    "no": {
        "positive": (
            "Veldig bra jakke, rask levering!",
            "Jeg elsker de nye skoene mine.",
            "Personalet var hyggelig og hjelpsomt.",
            "Ingen problemer med bestillingen.",
            "Leveringen var forsinket, men kvaliteten er utmerket.",
            "Jeg er veldig fornøyd med kjøpet.",
            "Jeg anbefaler dere til alle.",
        ),
        "negative": (
            "Glidelåsen ble ødelagt etter to dager.",
            "Jeg er ikke fornøyd.",
            "Dårlig kundeservice, ingen svarte.",
            "Fin farge, men den virker ikke.",
            "Altfor dyrt for hva man får.",
            "Pakken ble borte og jeg er skuffet.",
            "Jeg anbefaler ikke denne butikken.",
        ),
        "neutral": (
            "Jeg bestilte den blå i størrelse 40.",
            "Pakken kom på tirsdag.",
            "Kjøpte den til broren min.",
            "Det var to esker i pakken.",
            "Vi får se etter vinteren.",
        ),
    },
    "da": {
        "positive": (
            "Rigtig god jakke, hurtig levering!",
            "Jeg elsker mine nye sko.",
            "Personalet var venligt og hjælpsomt.",
            "Ingen problemer med bestillingen.",
            "Leveringen var forsinket, men kvaliteten er fremragende.",
            "Jeg er meget tilfreds med købet.",
            "Jeg anbefaler jer til alle.",
        ),
        "negative": (
            "Lynlåsen gik i stykker og blev ødelagt.",
            "Jeg er ikke tilfreds.",
            "Dårlig kundeservice, ingen svarede.",
            "Flot farve, men den virker ikke.",
            "Alt for dyrt for hvad man får.",
            "Pakken blev væk, og jeg er skuffet.",
            "Jeg anbefaler ikke denne butik.",
        ),
        "neutral": (
            "Jeg bestilte den blå i størrelse 40.",
            "Pakken kom om tirsdagen.",
            "Købte den til min bror.",
            "Der var to kasser i pakken.",
            "Vi får se efter vinteren.",
        ),
    },
    "fi": {
        "positive": (
            "Erittäin hyvä takki, nopea toimitus!",
            "Rakastan uusia kenkiäni.",
            "Henkilökunta oli ystävällistä ja avuliasta.",
            "Ei ongelmia tilauksen kanssa.",
            "Toimitus oli myöhässä, mutta laatu on erinomainen.",
            "Olen todella tyytyväinen.",
            "Suosittelen kaikille.",
        ),
        "negative": (
            "Vetoketju meni rikki kahdessa päivässä.",
            "En ole tyytyväinen.",
            "Huono asiakaspalvelu, kukaan ei vastannut.",
            "Kaunis väri, mutta se ei toimi.",
            "Liian kallis siihen nähden, mitä saa.",
            "Paketti katosi ja olen pettynyt.",
            "En suosittele tätä kauppaa.",
        ),
        "neutral": (
            "Tilasin sinisen koossa 40.",
            "Paketti tuli tiistaina.",
            "Ostin sen veljelleni.",
            "Paketissa oli kaksi laatikkoa.",
            "Katsotaan talven jälkeen.",
        ),
    },
}
