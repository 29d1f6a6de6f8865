"""Where people come from: names, cities, streets, telephone patterns and mail providers, locale by locale.

Written by hand and kept here, so that the world depends on no library's word lists. A name written ``Иван/Ivan``
is given in its own script, with the Latin spelling that its bearer uses. In patterns ``#`` is any digit and
``@`` any capital letter; ``|`` parts alternatives. ``de_Vries`` stands for ``de Vries``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Locale:
    """One country's people. ``cities`` are (city, region or None, postcode pattern)."""

    code: str
    country: str
    language: str
    weight: float
    calling_code: str
    trunk: str
    mobile: str
    landline: str
    male: tuple[str, ...]
    female: tuple[str, ...]
    family: tuple[str, ...]
    cities: tuple[tuple[str, str | None, str], ...]
    streets: tuple[str, ...]
    number_first: bool
    mail: tuple[str, ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _lines(text: str) -> tuple[str, ...]:
    return tuple(" ".join(line.split()) for line in text.split(";"))


def _cities(text: str) -> tuple[tuple[str, str | None, str], ...]:
    rows = [[" ".join(part.split()) for part in line.split(",")] for line in text.split(";")]
    return tuple((city, region or None, postcode) for city, region, postcode in rows)


LOCALES: tuple[Locale, ...] = (
    Locale(
        "en_US", "US", "en", 0.40, "1", "", "2135######|4155######|6178######", "3125######|7187######|5036######",
        _words("""James Robert John Michael David William Richard Joseph Thomas Christopher Charles Daniel Matthew
            Anthony Mark Donald Steven Andrew Paul Joshua Kenneth Kevin Brian Timothy Ronald Jason
            George Edward Jeffrey Ryan Jacob Nicholas Gary Eric Jonathan Stephen Larry Justin Scott
            Brandon Benjamin Samuel Gregory Alexander Patrick Frank Raymond Jack Dennis Jerry Tyler
            Aaron Jose Adam Nathan Henry Zachary Douglas Peter Kyle Noah Ethan Jeremy Christian
            Walter Keith Austin Roger Terry Sean Gerald Carl Dylan Harold Jordan"""),
        _words("""Mary Patricia Jennifer Linda Elizabeth Barbara Susan Jessica Karen Sarah Lisa Nancy Sandra Betty
            Ashley Emily Kimberly Margaret Donna Michelle Carol Amanda Melissa Deborah Stephanie
            Rebecca Sharon Laura Cynthia Dorothy Amy Kathleen Angela Shirley Emma Brenda Pamela
            Nicole Anna Samantha Katherine Christine Helen Debra Rachel Carolyn Janet Maria
            Catherine Heather Diane Olivia Julie Joyce Victoria Ruth Virginia Lauren Kelly Christina
            Joan Evelyn Judith Andrea Hannah Megan Cheryl Jacqueline Martha Madison Teresa Gloria"""),
        _words("""Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez
            Wilson Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris
            Sanchez Clark Ramirez Lewis Robinson Walker Young Allen King Wright Scott Torres Nguyen
            Hill Flores Green Adams Nelson Baker Hall Rivera Campbell Mitchell Carter Roberts Gomez
            Phillips Evans Turner Diaz Parker Cruz Edwards Collins Reyes Stewart Morris Morales
            Murphy Cook Rogers Gutierrez Ortiz Morgan Cooper Peterson Bailey Reed Kelly Howard Ramos
            Kim Cox Ward Richardson Watson Brooks Chavez Wood Bennett Gray Mendoza Ruiz Hughes Price
            Alvarez Castillo Sanders Patel Myers Long Ross Foster Jimenez Powell Jenkins Perry
            Russell Sullivan Bell Coleman Butler Henderson Barnes Fisher Vasquez Simmons Graham
            Murray Ford Castro Marshall Owens Harrison McDonald"""),
        _cities("""Springfield, IL, 627##; Austin, TX, 787##; Portland, OR, 972##; Denver, CO, 802##;
            Columbus, OH, 432##; Madison, WI, 537##; Raleigh, NC, 276##; Boston, MA,
            021##; Tucson, AZ, 857##; Omaha, NE, 681##; Richmond, VA, 232##;
            Seattle, WA, 981##; Albany, NY, 122##; Tampa, FL, 336##; Fresno, CA,
            937##"""),
        _lines("""Main Street; Oak Avenue; Maple Drive; Cedar Lane; Washington Street; Lake Road; Hill
            Street; Park Avenue; Pine Street; Elm Street; Walnut Avenue; Sunset
            Boulevard; River Road; Church Street; Jefferson Drive; Highland Avenue;
            Spring Lane; Franklin Street; Mill Road; Willow Court"""),
        True, ("gmail.com", "yahoo.com", "outlook.com", "icloud.com", "hotmail.com", "aol.com"),
    ),
    Locale(
        "en_GB", "GB", "en", 0.12, "44", "0", "7400######|7911######", "2079######|1612######",
        _words("""Oliver George Harry Jack Jacob Charlie Thomas Oscar William James Henry Alfie Leo Joshua Freddie
            Archie Ethan Isaac Alexander Joseph Edward Samuel Max Logan Lucas Daniel Theo Arthur
            Mohammed Harrison Benjamin Adam Toby Nigel Graham Stuart Alan Ian Gareth Rhys"""),
        _words("""Olivia Amelia Isla Emily Ava Lily Mia Sophia Isabella Grace Poppy Ella Evie Charlotte Jessica Daisy
            Alice Freya Florence Phoebe Matilda Rosie Eleanor Harriet Imogen Gemma Hayley Claire
            Tracey Alison Fiona Catriona Siobhan Niamh Aisha Priya Philippa Georgina Gillian Maureen"""),
        _words("""Smith Jones Taylor Brown Williams Wilson Johnson Davies Patel Robinson Wright Thompson Evans Walker
            White Roberts Green Hall Thomas Clarke Jackson Wood Harris Edwards Turner Martin Cooper
            Hill Ward Hughes Moore Clark King Harrison Lewis Baker Lee Allen Morris Khan Scott
            Watson Davis Parker James Bennett Young Phillips Richardson Mitchell Bailey Carter Cook
            Singh Shaw Bell Collins Morgan Kelly Begum O'Brien O'Connor McKenzie MacDonald
            Fitzgerald Ahmed Hussain Cholmondeley Featherstone"""),
        _cities("""London, , SW# #@@; Leeds, , LS# #@@; Bristol, , BS# #@@; Cardiff, , CF# #@@;
            Glasgow, , G# #@@; Norwich, , NR# #@@; Exeter, , EX# #@@; Sheffield, ,
            S# #@@; York, , YO# #@@; Bath, , BA# #@@"""),
        _lines("""High Street; Station Road; Church Lane; Victoria Road; Green Lane; Manor Road; Kings
            Road; The Crescent; Queens Avenue; Mill Lane; Albert Street; Windsor
            Close; North Street; Park View; Chapel Road"""),
        True, ("gmail.com", "hotmail.co.uk", "btinternet.com", "outlook.com", "yahoo.co.uk"),
    ),
    Locale(
        "de_DE", "DE", "de", 0.13, "49", "0", "1512#######|1761#######", "3023######|8922######",
        _words("""Andreas Thomas Michael Stefan Christian Peter Klaus Jürgen Wolfgang Hans Uwe Frank Markus Matthias
            Jörg Sebastian Tobias Florian Jan Maximilian Lukas Leon Felix Jonas Paul Björn Günther
            Götz Sören Moritz Benedikt Karl-Heinz Hans-Peter Johannes Alexander"""),
        _words("""Ursula Monika Petra Sabine Renate Karin Susanne Andrea Claudia Birgit Heike Anja Stefanie Katharina
            Julia Anna Lena Laura Lea Sophie Hannah Käthe Jörgine Bärbel Annegret Anna-Lena
            Marie-Luise Elisabeth Christina Johanna Franziska Zoë Gisela Silke Ute"""),
        _words("""Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer
            Richter Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann
            Lange Schmitt Werner Krause Meier Lehmann Schmid Schulze Maier Köhler Herrmann König
            Walter Mayer Huber Kaiser Fuchs Peters Lang Scholz Möller Weiß Jung Hahn Schubert Vogel
            Friedrich Keller Günther Frank Berger Winkler Roth Beck Lorenz Großmann Strauß Jäger
            Yılmaz Öztürk Kowalski"""),
        _cities("""Berlin, , 10###; Hamburg, , 20###; München, , 80###; Köln, , 50###; Leipzig, ,
            04###; Nürnberg, , 90###; Düsseldorf, , 40###; Göttingen, , 370##;
            Tübingen, , 720##; Bremen, , 28###"""),
        _lines("""Hauptstraße; Bahnhofstraße; Gartenweg; Schulstraße; Lindenallee; Dorfstraße;
            Bergstraße; Am Markt; Kirchplatz; Goethestraße; Mühlenweg;
            Schillerstraße; Rosenweg; Königsallee"""),
        False, ("gmail.com", "web.de", "gmx.de", "t-online.de", "outlook.de"),
    ),
    Locale(
        "fr_FR", "FR", "fr", 0.09, "33", "0", "61#######", "14#######",
        _words("""Jean Pierre Michel André Philippe René Louis Alain Jacques Bernard Marcel Daniel Roger François
            Étienne Nicolas Sébastien Julien Thomas Hugo Théo Léo Mathéo Gaël Loïc Benoît Jean-Paul
            Jean-Luc Jérôme Rémi"""),
        _words("""Marie Jeanne Françoise Monique Catherine Nathalie Isabelle Sylvie Anne Hélène Véronique Céline
            Sandrine Aurélie Émilie Camille Léa Manon Chloé Inès Zoé Marie-Claire Anne-Sophie
            Geneviève Élodie Noémie"""),
        _words("""Martin Bernard Thomas Petit Robert Richard Durand Dubois Moreau Laurent Simon Michel Lefèvre Leroy
            Roux David Bertrand Morel Fournier Girard Bonnet Dupont Lambert Fontaine Rousseau
            Vincent Müller Faure André Mercier Blanc Guérin Boyer Garnier Chevalier François Legrand
            Gauthier Besançon L'Hôpital D'Aboville"""),
        _cities("""Paris, , 750##; Lyon, , 690##; Toulouse, , 310##; Nantes, , 440##; Besançon, ,
            250##; Orléans, , 450##; Nîmes, , 300##; Angoulême, , 160##"""),
        _lines("""rue de la Paix; avenue Victor Hugo; boulevard Voltaire; rue des Écoles; place de
            l'Église; rue du Château; allée des Tilleuls; rue Pasteur; chemin des
            Vignes"""),
        True, ("gmail.com", "orange.fr", "free.fr", "hotmail.fr"),
    ),
    Locale(
        "es_ES", "ES", "es", 0.08, "34", "", "61#######", "91#######",
        _words("""Antonio José Manuel Francisco Juan David Javier Daniel Carlos Jesús Alejandro Miguel Rafael Pedro
            Ángel Pablo Fernando Sergio Luis Jorge Alberto Álvaro Diego Adrián Raúl Iván Rubén Íñigo"""),
        _words("""María Carmen Josefa Isabel Ana Dolores Pilar Teresa Rosa Cristina Laura Antonia Marta Lucía Mercedes
            Raquel Elena Sofía Paula Concepción Belén Inés Begoña Itziar Nuria Rocío"""),
        _words("""García González Rodríguez Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez Ruiz Hernández
            Díaz Moreno Muñoz Álvarez Romero Alonso Gutiérrez Navarro Torres Domínguez Vázquez Ramos
            Gil Ramírez Serrano Blanco Molina Morales Suárez Ortega Delgado Castro Ortiz Rubio Marín
            Núñez Ibáñez Peña"""),
        _cities("""Madrid, , 280##; Sevilla, , 410##; Valencia, , 460##; Málaga, , 290##; Córdoba, ,
            140##; Cádiz, , 110##; Zaragoza, , 500##; Logroño, , 260##"""),
        _lines("""Calle Mayor; Avenida de la Constitución; Plaza de España; Calle del Sol; Paseo de la
            Castellana; Calle San José; Avenida de Andalucía; Calle Ancha"""),
        False, ("gmail.com", "hotmail.es", "yahoo.es", "outlook.es"),
    ),
    Locale(
        "it_IT", "IT", "it", 0.05, "39", "", "347#######", "066######",
        _words("""Giuseppe Antonio Giovanni Mario Luigi Andrea Francesco Marco Alessandro Matteo Luca Lorenzo Davide
            Simone Niccolò Riccardo Roberto Stefano Paolo Franco"""),
        _words("""Maria Anna Giulia Francesca Chiara Sara Laura Valentina Alessia Martina Silvia Paola Elena Rosa
            Angela Giovanna Federica Elisa Roberta Lucia"""),
        _words("""Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Bruno Gallo Conti De_Luca
            Mancini Costa Giordano Rizzo Lombardi Moretti Barbieri Fontana Santoro Mariani Rinaldi
            Caruso D'Angelo Nicolò"""),
        _cities("Roma, RM, 001##; Milano, MI, 201##; Torino, TO, 101##; Bologna, BO, 401##; Forlì, FC, 471##"),
        _lines("Via Roma;Corso Garibaldi;Via Dante;Piazza della Repubblica;Viale dei Mille;Via Verdi;Via Mazzini"),
        False, ("gmail.com", "libero.it", "hotmail.it", "virgilio.it"),
    ),
    Locale(
        "nl_NL", "NL", "nl", 0.04, "31", "0", "61#######", "20#######",
        _words("""Jan Pieter Willem Cornelis Johannes Daan Sem Lucas Bram Thijs Ruben Jeroen Maarten
            Joost Sjoerd Kees"""),
        _words("Anna Maria Johanna Emma Sophie Julia Eva Lotte Sanne Fleur Marieke Femke Anouk Saskia Renée Zoë"),
        _words("""de_Jong Jansen de_Vries van_den_Berg van_Dijk Bakker Janssen Visser Smit Meijer de_Boer Mulder
            de_Groot Bos Vos Peters Hendriks van_Leeuwen Dekker Brouwer de_Wit Dijkstra Smits
            de_Graaf van_der_Meer Köster"""),
        _cities("""Amsterdam, , 10## @@; Utrecht, , 35## @@; Rotterdam, , 30## @@; Groningen, , 97##
            @@; Delft, , 26## @@"""),
        _lines("Dorpsstraat;Kerkstraat;Molenweg;Julianalaan;Stationsweg;Prinsengracht;Schoolstraat"),
        False, ("gmail.com", "ziggo.nl", "kpnmail.nl", "hotmail.nl"),
    ),
    Locale(
        "pl_PL", "PL", "pl", 0.03, "48", "", "501######|602######", "22#######",
        _words("Piotr Krzysztof Andrzej Tomasz Paweł Jan Michał Marcin Łukasz Stanisław Grzegorz Mateusz Wojciech"),
        _words("Anna Maria Katarzyna Małgorzata Agnieszka Krystyna Ewa Joanna Magdalena Zofia Żaneta Bożena Łucja"),
        _words("""Nowak Kowalczyk Wójcik Woźniak Mazur Krawczyk Kaczmarek Król Wieczorek Wróbel Stępień Dąbek Zając
            Michalak Adamczyk Dudek Pawlak Sikora Baran Kołodziej Szczepaniak Błaszczyk"""),
        _cities("Warszawa, , 00-###; Kraków, , 30-###; Łódź, , 90-###; Wrocław, , 50-###; Gdańsk, , 80-###"),
        _lines("ul. Polna;ul. Leśna;ul. Kwiatowa;ul. Długa;al. Jerozolimskie;ul. Świętokrzyska;ul. Ogrodowa"),
        False, ("gmail.com", "wp.pl", "onet.pl", "interia.pl"),
    ),
    Locale(
        "ja_JP", "JP", "ja", 0.03, "81", "0", "902#######", "332######",
        _words("""大輔/Daisuke 健太/Kenta 翔太/Shota 拓也/Takuya 直樹/Naoki 浩/Hiroshi
            誠/Makoto 陽一/Yoichi 太郎/Taro 修平/Shuhei"""),
        _words("""陽子/Yoko 明美/Akemi 美咲/Misaki 結衣/Yui 裕子/Yuko 香織/Kaori 直美/Naomi
            千代/Chiyo 舞/Mai さくら/Sakura"""),
        _words("""佐藤/Sato 鈴木/Suzuki 高橋/Takahashi 田中/Tanaka 伊藤/Ito 渡辺/Watanabe
            山本/Yamamoto 中村/Nakamura 小林/Kobayashi 加藤/Kato
            吉田/Yoshida 山田/Yamada 佐々木/Sasaki 松本/Matsumoto
            井上/Inoue 木村/Kimura 清水/Shimizu 大野/Ohno"""),
        _cities("東京, , 100-####; 大阪, , 530-####; 京都, , 600-####; 福岡, , 810-####"),
        _lines("桜通り;中央通り;本町;若葉町;緑町;銀座"),
        False, ("gmail.com", "yahoo.co.jp", "docomo.ne.jp"),
    ),
    Locale(
        "ru_RU", "RU", "ru", 0.02, "7", "8", "916#######", "495#######",
        _words("""Иван/Ivan Сергей/Sergey Алексей/Alexey Дмитрий/Dmitry Андрей/Andrey Юрий/Yuri
            Михаил/Mikhail Олег/Oleg"""),
        _words("""Анна/Anna Ольга/Olga Елена/Elena Наталья/Natalia Ирина/Irina Мария/Maria
            Светлана/Svetlana Юлия/Yulia"""),
        _words("""Шевченко/Shevchenko Коваленко/Kovalenko Бондаренко/Bondarenko Ткач/Tkach Гринберг/Grinberg
            Мельник/Melnik Савченко/Savchenko Черных/Chernykh Белых/Belykh Жук/Zhuk Мороз/Moroz
            Щербак/Shcherbak Юрченко/Yurchenko"""),
        _cities("Москва, , 101###; Казань, , 420###; Самара, , 443###; Пермь, , 614###"),
        _lines("ул. Ленина;ул. Садовая;пр. Мира;ул. Лесная;ул. Новая"),
        False, ("gmail.com", "mail.ru", "yandex.ru"),
    ),
    Locale(
        "el_GR", "GR", "el", 0.01, "30", "", "6972######", "2103######",
        _words("Γιώργος/Giorgos Δημήτρης/Dimitris Νίκος/Nikos Κώστας/Kostas Γιάννης/Giannis Χρήστος/Christos"),
        _words("Μαρία/Maria Ελένη/Eleni Κατερίνα/Katerina Βασιλική/Vasiliki Σοφία/Sofia Άννα/Anna"),
        _words("""Παππάς/Pappas Ζέρβας/Zervas Οικονόμου/Oikonomou Γεωργίου/Georgiou Ιωάννου/Ioannou Νικολάου/Nikolaou
            Χατζή/Chatzi Αθανασίου/Athanasiou Βασιλείου/Vasileiou"""),
        _cities("Αθήνα, , 10# ##; Θεσσαλονίκη, , 54# ##; Πάτρα, , 26# ##"),
        _lines("Ερμού;Σταδίου;Αριστοτέλους;Πατησίων"),
        False, ("gmail.com", "otenet.gr", "yahoo.gr"),
    ),
)  # fmt: skip

_NICKNAMES = """
    Robert: Bob Rob Bobby; William: Bill Will Billy; Richard: Rick Dick; James: Jim Jimmy; Michael: Mike;
    Christopher: Chris; Joseph: Joe; Thomas: Tom; Charles: Charlie Chuck; Daniel: Dan Danny; Matthew: Matt;
    Edward: Ed Ted; Anthony: Tony; Steven: Steve; Stephen: Steve; Andrew: Andy Drew; Kenneth: Ken; Timothy:
    Tim; Ronald: Ron; Jeffrey: Jeff; Nicholas: Nick; Jonathan: Jon; Benjamin: Ben; Samuel: Sam; Gregory:
    Greg; Alexander: Alex Sandy; Patrick: Pat; Raymond: Ray; Joshua: Josh; Nathan: Nate; Zachary: Zach;
    Douglas: Doug; Peter: Pete; Frederick: Fred; Donald: Don; Patricia: Pat Trish; Jennifer: Jen Jenny;
    Elizabeth: Liz Beth Betsy; Barbara: Barb; Susan: Sue; Jessica: Jess; Margaret: Maggie Peggy Meg;
    Kimberly: Kim; Michelle: Shelly; Amanda: Mandy; Melissa: Missy; Deborah: Debbie; Stephanie: Steph;
    Rebecca: Becky; Cynthia: Cindy; Dorothy: Dot; Kathleen: Kathy; Angela: Angie; Pamela: Pam; Samantha:
    Sam; Katherine: Kate Kathy; Christine: Chris Tina; Catherine: Cathy Kate; Victoria: Vicky; Christina:
    Tina; Judith: Judy; Jacqueline: Jackie; Philippa: Pippa; Eleanor: Ellie Nora; Georgina: Georgie;
    Gillian: Gill; Wolfgang: Wolf; Hans: Hansi; Johannes: Hannes; Sebastian: Basti; Maximilian: Max;
    Matthias: Matze; Katharina: Kathi; Susanne: Susi; Elisabeth: Lisa Sissi; Franziska: Franzi; Stefanie:
    Steffi; Tobias: Tobi; Francisco: Paco Fran; José: Pepe; Manuel: Manolo; Dolores: Lola; Concepción:
    Concha; Mercedes: Merche; Giuseppe: Beppe Pino; Alessandro: Sandro; Francesca: Franci; Cornelis: Kees;
    Piotr: Piotrek; Katarzyna: Kasia; Małgorzata: Gosia; Krzysztof: Krzysiek; Joanna: Asia; Tomasz: Tomek;
    Isabelle: Isa; Sébastien: Seb; Дмитрий: Дима; Алексей: Лёша; Наталья: Наташа
"""
NICKNAMES: dict[str, tuple[str, ...]] = {
    name: _words(short) for name, short in (entry.split(":") for entry in " ".join(_NICKNAMES.split()).split("; "))
}
