"""Which formal names a nickname may stand for. English from the `nicknames` package (Apache-2.0), other languages
here."""

from __future__ import annotations

from functools import cache

import pyarrow as pa

EUROPEAN = """
alessandro: ale sandro | alexander: alex sascha sasha xander lex | alexandra: alex sandra sascha alexa
alfonso: alfo poncho | andreas: andi andy | andrea: andi | angelika: geli angie | anna: anni anneke anja anouk
annemarie: annemie | antoine: toine | antonio: toni tonio tono nino | anton: toni | barbara: babsi bärbel
beatriz: bea | bernhard: bernd berni | bernardo: berni nando | birgit: gitte biggi | brigitte: gitte biggi
catharina: cato rina trijntje | catherine: cathy cath kate katie | christian: chris krischan
christine: tina chrissie christel | christina: tina chris | christoph: chris toph stoffel | christophe: chris
claudia: claudi | concepcion: concha conchi | consuelo: chelo | cornelia: nele conny corrie | cornelis: kees cor
daniel: dani danny | daniela: dani | dietrich: dieter dirk | dolores: lola loli | dominique: domi dom
dorothea: dora doro thea | eduardo: edu lalo | elena: lena nena | eleonora: nora ele
elisabeth: lisa lisbeth elli sissi liesel betti elsbeth bettina | elisabetta: betta elisa lisa | emmanuel: manu
emanuele: manu lele | enrique: quique kike | ernst: erni | erika: rika | eugen: geni | federico: fede rico
ferdinand: ferdi | fernando: fer nando | filippo: pippo | francesca: franci francy cesca | francesco: franco ciccio
francisco: paco fran curro pancho | francois: franck fanfan | franziska: franzi zissi | franz: franzl
frederik: freek frits rik | frederic: fred | friedrich: fritz friedel fred | gabriel: gabi
gabriele: gabi gabri lele | gerhard: gerd gert | gerardo: gerar | gertrud: trude gerti | giacomo: mimmo
giovanni: gianni vanni nanni | giulia: giuli | giuseppe: beppe pino peppe geppo | guadalupe: lupe lupita
gregor: grischa | guillaume: guy gui | guillermo: guille memo | hannelore: hanne lore | hans: hansi hannes
heinrich: heinz heiner heini henner | helena: lena helen | helene: lene leni helen | henricus: henk rik
hendrik: henk rik | herbert: herbi | hermann: herm | ignacio: nacho | ines: nes | irene: reni
isabel: isa bel chabela | isabella: isa bella | jacobus: koos jaap cobus | jacques: jacky | jan: janneke
jean: jeannot | jesus: chus chuy | joachim: achim jochen jo | joaquin: quino | johanna: jo hanna hanni
johannes: hannes hans jo jan joop | jose: pepe chepe | josef: sepp jupp josi | josefa: pepa | josephine: fine josi
juan: juanito juancho | juergen: jurgen | julia: jule juli | karl: kalle charly | karin: kari
katharina: kathi kati katja käthe rina | katrin: kati | klaus: nick | konrad: konni kurt | laurens: lau rens
leonardo: leo nardo | leonhard: leo hardy lenny | lorenzo: enzo renzo | ludovico: ludo vico
ludwig: lutz lui wiggerl | luigi: gigi gino | luis: lucho | magdalena: lena magda leni
manuel: manu manolo manolito | manuela: manu ela | margarete: gretel grete gretchen greta rita marga
margaretha: greet griet greta | margherita: rita marghe | maria: mia mitzi ria marie marieke mariska
mariadelcarmen: carmen | marianne: janne mari | martina: tina | martin: mart | matthias: matze hias matti
mathilde: tilda hilde | maximilian: max maxi | mercedes: merche | michael: micha michi mike | michel: mich mimi
michele: lele | miguel: migue miki | monika: moni | montserrat: montse | nicolas: nico colas | nicola: nico
nikolaus: klaus niko nik | norbert: nobby | patrizia: patty | patricia: pat patri | paola: pao
petronella: nel pietje | petrus: piet peter | philippe: phil | pilar: pili | rafael: rafa | raimund: mundl
raffaele: lello raf | ramon: moncho | renate: nate reni | ricardo: richi ric | roberto: berto robi | robrecht: rob
rodrigo: rodri | rosario: charo | rudolf: rudi dolf | salvatore: totò toto salvo turi | salvador: salva
sebastian: basti wastl seb bastian | sebastien: seb bastien | sergio: sergi checo | siegfried: sigi siggi
sigrid: siggi | sofia: sofi | stefanie: steffi | stefan: steff steve | stephanie: steffi steph fanny
susanne: susi sanne | susana: susi | teresa: tere resi | theodor: theo | theresia: resi thesi | therese: resi
thomas: tom tommy | tobias: tobi | tommaso: masi tommi | ulrich: uli ulli | ulrike: uli ulli rike
ursula: uschi ulla | valentina: vale tina | valerie: val | veronika: vroni vera | vincent: vince
vincenzo: enzo cenzo | viktoria: vicky tori | waltraud: traudl walli | werner: wernie | wilhelm: willi willy helmi
wilhelmina: mina willemijn mien helma | willem: wim pim | wolfgang: wolf wolfi | xavier: xavi | yolanda: yoli
yvonne: yvi | aleksandr: sasha sascha alex | aleksandra: sasha ola | dmitri: dima mitya | ekaterina: katya katja
evgeni: zhenya | ivan: vanya | mikhail: misha | nikolai: kolya | natalia: natasha nata | sergei: seryozha
tatiana: tanya tania | vladimir: vova volodya | katarzyna: kasia | malgorzata: gosia | krzysztof: krzys
agnieszka: aga | stanislaw: staszek
"""


DOUBTED = {("bill", "robert"), ("billy", "robert"), ("fred", "bill"), ("fred", "billy")}
"""Listed by the package (a collection for genealogists), and not what anybody alive would expect."""


@cache
def nickname_table() -> pa.Table:
    """Distinct pairs (nick, root), folded: "bob" may stand for "robert". Not transitive: Al is Albert or Alan.

    Where the package lists two names as each other's nicknames, the longer one is the formal one.
    """
    from nicknames import name_triplets

    from landbridge.identity.features.fold import fold

    listed = {(t.name2, t.name1) for t in name_triplets()}
    pairs = {(nick, root) for nick, root in listed - DOUBTED if len(nick) <= len(root) or (root, nick) not in listed}
    for entry in EUROPEAN.replace("\n", "|").split("|"):
        root, _, nicks = entry.partition(":")
        pairs |= {(nick, root.strip()) for nick in nicks.split()}
    folded = sorted({(str(fold(nick)), str(fold(root))) for nick, root in pairs if nick and root})
    return pa.table({"nick": [nick for nick, _ in folded], "root": [root for _, root in folded]})
