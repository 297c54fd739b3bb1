"""Words that people, streets and goods are named from. Here: lists and how they combine. Not here: who gets which."""

from __future__ import annotations

import numpy as np

# frequent first: draws follow a Zipf law, so the heads of these lists meet in one postal code
FEMALE = {
    "SE": "Anna Maria Eva Karin Kristina Lena Kerstin Sara Emma Ingrid Malin Jenny Linda Annika Åsa Susanne Elin Hanna "
    "Johanna Ida Sofia Camilla Helena Ulla Birgitta Märta Alva Astrid Ebba Frida Gunilla Maja Moa Nora Olivia Saga "
    "Signe Tove Tyra Wilma Östen-Marie Anne-Lie Ann-Sofie Fatima Leyla",
    "NO": "Anne Inger Kari Marit Ingrid Liv Eva Anna Maria Ida Hilde Berit Nina Marianne Elisabeth Kristin Bjørg Randi "
    "Solveig Silje Camilla Emilie Nora Emma Thea Sofie Ingeborg Åse Sigrid Tone Trine Hege Gro Astrid Synnøve Frøydis "
    "Guro Maren Oda Vilde Jorunn Ragnhild Anne-Grete Fatima Amina",
    "DK": "Anne Kirsten Hanne Mette Anna Helle Susanne Lene Maria Marianne Inge Karen Lone Bente Camilla Pia Louise "
    "Jette Tina Charlotte Ida Emma Freja Sofie Laura Clara Signe Astrid Maja Karla Ellen Alma Agnes Bodil Grethe "
    "Gitte Birthe Dorthe Line Trine Rikke Søs Anne-Mette Fatima",
    "FI": "Maria Helena Johanna Anneli Kaarina Marjatta Anna Liisa Sofia Tuulikki Emilia Aino Hannele Pirjo Tuula "
    "Päivi Minna Sari Riitta Leena Kirsi Tiina Marika Heidi Eeva Satu Jaana Outi Elina Katja Venla Helmi Eevi Lumi "
    "Pihla Hilla Saara Ilona Ulla Äly-Maria Ann-Mari Fatima",
}
MALE = {
    "SE": "Lars Mikael Anders Johan Erik Per Peter Karl Thomas Jan Daniel Fredrik Andreas Hans Mats Marcus Bengt Bo "
    "Stefan Magnus Nils Björn Göran Åke Håkan Sven Gustav Oskar Emil Viktor Simon Elias Hugo Axel Liam Noah Ludvig "
    "Filip Olle Sixten Östen Karl-Erik Jan-Olof Mohamed Ali Ahmed",
    "NO": "Jan Per Bjørn Ole Lars Kjell Knut Arne Svein Thomas Hans Geir Tor Morten Terje Odd Erik Martin Andreas "
    "Øyvind Anders Rune Trond Kristian Magnus Jonas Henrik Emil Oliver Jakob Filip Lucas Håkon Sindre Åsmund Sverre "
    "Eirik Vegard Stian Espen Jan-Erik Ole-Martin Mohammed Ali Ahmed",
    "DK": "Peter Michael Jens Lars Thomas Henrik Søren Christian Martin Jan Niels Morten Anders Jesper Mads Rasmus "
    "Hans Per Ole Kim Bent Erik Jørgen Mikkel Oscar Noah Carl William Emil Valdemar Malthe August Aksel Viggo Kaj "
    "Åge Torben Finn Flemming Claus Hans-Jørgen Mohammed Ali Ahmed",
    "FI": "Juhani Johannes Olavi Antero Tapani Kalevi Mikael Matti Pekka Petteri Ilmari Timo Antti Jari Markku Mika "
    "Jukka Kari Heikki Hannu Juha Janne Sami Ville Teemu Tuomas Lauri Eero Onni Eino Väinö Toivo Leo Elias Oliver "
    "Noel Aarne Yrjö Björn Åke Jan-Erik Mohamed Ali",
}
# how people are called, and sometimes write themselves
SHORT_FORMS = {
    "Anders": "Adde", "Anna": "Annika", "Birgitta": "Gittan", "Bo": "Bosse", "Charlotte": "Lotta", "Daniel": "Danne",
    "Elisabeth": "Lisbeth", "Fredrik": "Fredde", "Göran": "Jojje", "Gunilla": "Nilla", "Gustav": "Gurra", "Hans": "Hasse",
    "Helena": "Lena", "Henrik": "Henke", "Jan": "Janne", "Johan": "Jojje", "Johanna": "Hanna", "Johannes": "Hannes",
    "Juhani": "Jussi", "Kaarina": "Kaisa", "Karin": "Kajsa", "Karl": "Kalle", "Kerstin": "Kicki", "Kristian": "Krille",
    "Kristin": "Stina", "Kristina": "Stina", "Lars": "Lasse", "Magnus": "Mange", "Maria": "Mia", "Mats": "Matte",
    "Michael": "Mikkel", "Mikael": "Micke", "Mohamed": "Mo", "Mohammed": "Mo", "Nils": "Nisse", "Oskar": "Ogge",
    "Per": "Pelle", "Peter": "Pelle", "Sofia": "Fia", "Stefan": "Steffe", "Susanne": "Sussi", "Thomas": "Tompa",
    "Viktor": "Vicke",
}  # fmt: skip
_COMMON = {
    "SE": "Andersson Johansson Karlsson Nilsson Eriksson Larsson Olsson Persson Svensson Gustafsson Pettersson Jonsson "
    "Jansson Hansson Bengtsson Jönsson Lindberg Jakobsson Magnusson Olofsson Ali Mohamed Hassan Ahmed",
    "NO": "Hansen Johansen Olsen Larsen Andersen Pedersen Nilsen Kristiansen Jensen Karlsen Johnsen Pettersen Eriksen "
    "Berg Haugen Hagen Johannessen Andreassen Jacobsen Dahl Jørgensen Ali Ahmed Hussain",
    "DK": "Nielsen Jensen Hansen Andersen Pedersen Christensen Larsen Sørensen Rasmussen Jørgensen Petersen Madsen "
    "Kristensen Olsen Thomsen Christiansen Poulsen Johansen Møller Mortensen Knudsen Ali Ahmed Khan",
    "FI": "Korhonen Virtanen Mäkinen Nieminen Mäkelä Hämäläinen Laine Heikkinen Koskinen Järvinen Lehtonen Lehtinen "
    "Saarinen Salminen Heinonen Niemi Heikkilä Salonen Kinnunen Turunen Karlsson Johansson Ali Mohamed",
}
_PREFIX = {
    "SE": "Lind Berg Sand Ek Sjö Ström Lund Hag Alm Björk Dal Forss Gran Hed Holm Hög Kvist Löf Mal Norr Ny Ros Rung "
    "Skog Sten Stor Sund Söder Väster Åker Ång Öst",
    "NO": "Aas Bakk Berg Bjørk Brekk Bø Dal Eng Fjell Fos Gran Hall Haug Hol Høy Kvam Lie Lund Mo Myr Nes Nord Rød "
    "Sand Skog Sol Stor Sund Sæt Tveit Vik Øst",
    "DK": "Bak Bjerg Bro Bæk Dal Damg Eng Gran Hald Hede Holm Hvid Høj Kirk Kjær Krog Lind Lund Mark Møll Nør Over "
    "Ravn Rosen Skov Sten Strand Sønder Toft Vester Vind Øster",
    "FI": "Aalto Hakka Halla Harju Hieta Honka Järvi Kallio Kangas Kivi Koivu Korpi Koski Kuusi Lahti Lampi Lepi Luoma "
    "Mäki Niemi Nurmi Pelto Raja Ranta Saari Salo Suo Tammi Uusi Vaara Vesi Ylä",
}
_SUFFIX = {
    "SE": "berg gren ström quist lund mark dahl man stedt blad sjö fors vall gård holm stam",
    "NO": "heim stad land rud seth vold dal nes gård haug bakken moen lien set vik løkken",
    "DK": "gaard holm lund bjerg toft mark sen strup borg dahl vang skov høj kjær bo rup",
    "FI": "nen la lä ranen sto maa salmi niemi virta harju aho la vuori kari korpi mäki",
}
STREETS = {
    "SE": "Storgatan Kungsgatan Drottninggatan Skolgatan Kyrkogatan Parkvägen Björkvägen Ringvägen Granvägen "
    "Skogsvägen Åsvägen Ängsvägen Strandvägen Sjövägen Industrigatan Västra_Hamngatan Östergatan Hagavägen",
    "NO": "Storgata Kirkeveien Skolegata Parkveien Bjørkeveien Ringveien Granveien Skogveien Åsveien Engveien "
    "Strandveien Sjøgata Fjordveien Solbakken Haugeveien Nordre_gate Østre_vei Lilleveien",
    "DK": "Hovedgaden Kirkegade Skolegade Parkvej Birkevej Ringvej Granvej Skovvej Åvej Engvej Strandvejen Søgade "
    "Nørregade Østergade Vestergade Møllevej Højvej Bakkevej",
    "FI": "Kauppakatu Kirkkokatu Koulukatu Puistotie Koivutie Kehätie Kuusitie Metsätie Harjutie Niittytie Rantatie "
    "Järvikatu Asemakatu Mäkitie Peltotie Satamakatu Länsitie Itäkatu",
}
GOODS = {
    "Jackets": ("Shell Jacket", 1800),
    "Trousers": ("Trekking Trousers", 1100),
    "Base layers": ("Merino Base Layer", 700),
    "Boots": ("Hiking Boots", 1900),
    "Backpacks": ("Backpack", 1400),
    "Tents": ("Tent", 4200),
    "Sleeping": ("Sleeping Bag", 2300),
    "Stoves": ("Camping Stove", 900),
    "Climbing": ("Climbing Harness", 800),
    "Skis": ("Touring Skis", 5200),
    "Food": ("Freeze-dried Meal", 95),
    "Accessories": ("Wool Cap", 350),
}
LINES = ["Fjell", "Skog", "Vidde", "Tind", "Elv", "Bre", "Myr", "Hav", "Sti", "Nord", "Sol", "Snø"]


def family_names(country: str) -> np.ndarray:
    """About 540 family names of a country, frequent first: patronymics, then compounds of landscape words."""
    common = _COMMON[country].split()
    rng = np.random.default_rng(len(country) + sum(map(ord, country)))
    compounds = [p + s for p in _PREFIX[country].split() for s in _SUFFIX[country].split()]
    return np.array(common + list(rng.permutation(compounds)), dtype=object)


def zipf_draw(rng: np.random.Generator, size: int, count: int, exponent: float = 0.85) -> np.ndarray:
    """`count` indexes below `size`, index i with a weight of (i + 2) ** -exponent: a heavy tail."""
    weights = (np.arange(size) + 2.0) ** -exponent
    return np.searchsorted(np.cumsum(weights) / weights.sum(), rng.random(count), side="right").clip(0, size - 1)
