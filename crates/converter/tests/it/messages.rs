//! Messages that the tests share. All people are invented; all BSNs are test numbers.

/// An admission with everything that a Dutch hospital sends.
pub(crate) const A01: &str = "MSH|^~\\&|ZIS|LINDE|SLUIS|SLUIS|20260102101500+0100||ADT^A01^ADT_A01|MSG00001|P|2.5.1|||AL|NE|NLD|UNICODE UTF-8\r\
EVN|A01|20260102101500+0100||02^Spoed^99ZIS|12345^Jansen^J^^^^^^VEKTIS|20260102101000|LINDE\r\
PID|1||999911120^^^NLMINBIZA^NNNLD~7393670^^^ZIS^PI||van den Berg-de Vries&de&Vries&van den&Berg^Johanna Petronella^Maria^^^^L~^Anneke^^^^^N||19800623|F|||Schoonstraat 38 a&Schoonstraat&38^a^AMSTERDAM^^1040 AB^NL^H~Postbus 12^^AMSTERDAM^^1000 AA^NL^M||0205551234^PRN^PH~^PRN^CP^^31^6^55512345~^NET^Internet^anneke@example.org|0205559876^WPN^PH||M|||||||Utrecht|N|1|||||N\r\
PD1|||Huisartsenpraktijk De Brug^^01234567^^^VEKTIS|01012345^Bakker^P^^^dr.^^^VEKTIS\r\
NK1|1|de Vries&de&Vries^Pieter^^^^^L|SPO^Echtgenoot^HL70063|Schoonstraat 38 a&Schoonstraat&38^a^AMSTERDAM^^1040 AB^NL^H|^PRN^CP^^31^6^55554321||||||||||M|19790101\r\
NK1|2|Dekker^Sanne^^^^^L|FND^Vriendin^HL70063||0612345678^PRN^CP\r\
PV1|1|I|C3^312^2^LINDE^^^^^Cardiologie|R|||01004567^Smit^K^^^dr.^^^VEKTIS|03012345^Mulder^A^^^^^^VEKTIS||0320||||7|||01004567^Smit^K^^^dr.^^^VEKTIS|IN|V20260001^^^ZIS^VN|||||||||||||||||||||||||20260102101000+0100\r\
PV2|||^Pijn op de borst\r\
AL1|1|DA|7980^Penicilline^SNOMED|MO|Huiduitslag|20100101\r\
AL1|2|FA|^Pinda|SV\r\
DG1|1||I20.0^Instabiele angina pectoris^I10||20260102|A\r\
IN1|1|B^Basis|8999^^^UZOVI^NIIP|Zilveren Kruis||||||||20250101||||de Vries^Anna|SEL||||||||||||||||||||||||||||||||123456789\r";

/// A transfer.
pub(crate) const A02: &str = "MSH|^~\\&|ZIS|LINDE|||20260103090000+0100||ADT^A02^ADT_A02|MSG00002|P|2.5.1\r\
EVN|A02|20260103090000+0100\r\
PID|1||7393670^^^ZIS^PI||de Vries&de&Vries^Anna||19800623|F\r\
PV1|1|I|C4^401^1^LINDE|||C3^312^2^LINDE|||||||||||||V20260001^^^ZIS^VN\r";

/// A discharge.
pub(crate) const A03: &str = "MSH|^~\\&|ZIS|LINDE|||20260105140000+0100||ADT^A03^ADT_A03|MSG00003|P|2.5.1\r\
EVN|A03|20260105140000+0100\r\
PID|1||7393670^^^ZIS^PI||de Vries&de&Vries^Anna||19800623|F|||||||||||||||||||||202601050500|Y\r\
PV1|1|I|C4^401^1^LINDE||||||||||||||||V20260001^^^ZIS^VN|||||||||||||||||01^Naar huis^99ZIS||||||||20260102101000+0100|20260105133000+0100\r";

/// An update in which some fields are empty and some are deleted.
pub(crate) const A08: &str = "MSH|^~\\&|ZIS|LINDE|||20260104080000+0100||ADT^A08^ADT_A01|MSG00004|P|2.5.1|7\r\
EVN|A08|20260104080000+0100\r\
PID|1||7393670^^^ZIS^PI~999911120^^^NLMINBIZA^NNNLD||de Vries&de&Vries^Anna||\"\"|X|||\"\"||\"\"|||U\r\
PV1|1|I|||||\"\"||||||||||||V20260001^^^ZIS^VN\r\
AL1|1||\"\"\r";

/// A merge of two patients into two others (structure ADT_A39).
pub(crate) const A40: &str = "MSH|^~\\&|ZIS|LINDE|||20260110120000+0100||ADT^A40^ADT_A39|MSG00005|P|2.5.1\r\
EVN|A40|20260110120000+0100\r\
PID|1||7393670^^^ZIS^PI~999911120^^^NLMINBIZA^NNNLD||de Vries&de&Vries^Anna||19800623|F\r\
MRG|7399999^^^ZIS^PI~999911120^^^NLMINBIZA^NNNLD||A1^^^ZIS^AN||||de Vries^A\r\
PID|2||7400001^^^ZIS^PI||Bos^Jan||19500101|M\r\
MRG|7400002^^^ZIS^PI\r";

/// A discharge that is taken back.
pub(crate) const A13: &str = "MSH|^~\\&|ZIS|LINDE|||20260105150000+0100||ADT^A13^ADT_A01|MSG00006|P|2.5.1\r\
EVN|A13|20260105150000+0100\r\
PID|1||7393670^^^ZIS^PI||de Vries&de&Vries^Anna||19800623|F\r\
PV1|1|I|C4^401^1^LINDE||||||||||||||||V20260001^^^ZIS^VN|||||||||||||||||||||||||20260102101000+0100|20260105133000+0100\r";

/// An outpatient, as a sender writes that keeps few of the rules.
pub(crate) const A04: &str = "MSH|^~\\&|test|test|testsystem|testfacility|20010101000000||ADT^A04|q1|p|2.3\r\
EVN|A04|20010101000000|||^jones^michael^^^^^^^current\r\
PID|1||123456789|0123456789^aa^^jp|martin^steven||19850101000000|m|||123 fake street^suite1^nice town^al^a1b2c3^jp^home^^1234|1234|(555)555-0123^home^jp:1234567|||s|msh|12345678|||||||0|||||n\r\
PD1|1|||john.smith@example.org^smith^john\r\
OBX|1|st|||The patient slept well.\r";

/// Two names of places, codes that no table has, dates that are none, a note and a result.
pub(crate) const ODD: &str = "MSH|^~\\&|ZIS|LINDE|||2026||ADT^A31^ADT_A05|MSG00007|P|2.5.1\r\
EVN||19991301\r\
PID|1|ext1|1^^^&1.2.3.4&ISO^XYZ^HOSP^20200101^20190101~2^3^M10^LAB^MR||&de&Vries^J.P.M.^A~Jansen^^^^^^Q||19800231|Q|alias|2106-3|Line^second^City^State^9999^XX^BA^^county^tract|GL|123^PRS^FX~^NET^^a@example.org|456^WPN|nl^Nederlands^99Q^xx^yy^zz|Z|REL|ACC1|123456|DL1^NL^20300101|M1|eth|Here|Y|2|NL^^ISO3166_1||NLD|20200101|N\r\
ROL|1|AD|PP^Primary^HL70443|77^Dok^Ter^^^^^^X|20200101|20190101|||||Straat 1^^Stad|0201112223|P1^^^F|Org^^5\r\
PV1|1|Q||Q|pre1^^^Z|||||||||R|9|B6|VIP||QT|V9\r\
PV2||||||||20260101|20261301||3|Descr|9^Ref||||||||||Y|Clinic|||||||||||||||A\r\
DG1|1|I9|Q1^Quux^99Q|Text||W|||||||||3|5^Doc^A|||20260101|D1^Z|D\r\
DG1|2|I9|Q1^Other^99Q|Text2||F\r\
AL1|1|QQ|Q9^Kat^L|QQ\r\
AL1|2|FA|Q9^Kat^L|SV|Niezen~Jeuk|1999\r\
IN1|1||||||||||||||||||||||||||||||||||P-1\r\
IN1|2|X\r\
ZZZ|1|zulu^yankee&x-ray\r";

/// Two orders of a portal, with all that hangs on them.
pub(crate) const ORM: &str = "MSH|^~\\&|ZorgDomein||OrderModule|LINDE|20261117083000+0100||ORM^O01^ORM_O01|ZD1|P|2.4|||||NLD|UNICODE UTF-8\r\
PID|1||999990032^^^NLMINBIZA^NNNLD~ZD1^^^ZorgDomein^VN||Bakker&&Bakker^P^A^^^^L||19481103|M|||Oude Sluiskade 101 III&Oude Sluiskade&101^III^Lindewaard^^9092ZZ^NL^M\r\
PV1|1|O|POLI^1^2^LINDE||||||||||||||||V1^^^LINDE^VN\r\
IN1|1|BASIS^Basis|8999^^^^UZOVI|Polderland||||||||||||||||||||||||||||||||8999000201\r\
AL1|1|DA|764146007^penicilline^SCT\r\
ORC|NW|P1^ZorgDomein^1.2.3^ISO|F1^LAB|G1^ZorgDomein|IP||1^^^20261118080000^^S||20261117082500|77^In^Voer^^^^^^X|78^Ge^Zien|01004567^de Wit^A^^^^^^VEKTIS|HIER|06-1^PRN^CP|20261117|R1^omdat^L|ENT^^L||79^Doe^Ner||Praktijk^^5^^^Z^XX|Straat 1^^Stad|0201112223|Laan 2^^Dorp|M^Mod^L|||Z^z^L|I\r\
TQ1|1|2|Q1H||||20261118090000|20261119|A|cond|instr\r\
OBR|1|P1^ZorgDomein|F1^LAB|LAB^Laboratorium^99zda|R|20261118100000|20261118101500|20261118103000|5&ml|80^Ne^Mer|L|DGR^gevaar^L|Moe en benauwd.~Geen koorts.|20261118110000|SER&Serum&HL70070^ADD&a&L^wijze^ARM&arm&L|01004567^de Wit^A^^^^^^VEKTIS|06-2^PRN^CP|p1|p2|f1|f2|20261118120000|1&EUR|CH|O|||81^Ko^Pie|82^Ou^Der|WALK|R05^Hoest^I10~^Al heel lang erg moe en koud.|83&Le&Zer\r\
NTE|1|P|Graag bellen.|RE^Remark^HL70364|84^No^Teer|20261117\r\
DG1|1|I9|T90^Diabetes^L|Suiker|20150601|W|||||||||3|85^Di^Ag\r\
OBX|1|CE|NUCHTER^Nuchter?^99zda||J^Ja^99zda||||||F|||20261117|86^La^B|87^Ob^Server|M^meth^L|EQ1^LAB|20261117\r\
OBX|2|TX|VRAAG^Vraag^99zda||Waarom moe?\r\
OBX|3|ST|||Is slechthorend.\r\
BLG|D|CH|A1\r\
ORC|RP|P2^ZorgDomein\r\
OBR|2|P2^ZorgDomein||A^a^99zda\r\
ORC|RO|P3^ZorgDomein|||HD|||||||||||AFZ^ziet af^L\r\
OBR|3|P3^ZorgDomein||B^b^99zda\r\
OBR|4|P3^ZorgDomein||C^c^99zda|X\r";

/// All of them.
pub(crate) const ALL: [&str; 9] = [A01, A02, A03, A08, A40, A13, A04, ODD, ORM];
