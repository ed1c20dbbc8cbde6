//! What words may be: names, words that are no names, diseases that bear a name.

use std::collections::HashSet;
use std::sync::LazyLock;

type Words = LazyLock<HashSet<&'static str>>;

static GIVEN: Words = LazyLock::new(|| lines(include_str!("data/given-names.txt")));
static SURNAMES: Words = LazyLock::new(|| lines(include_str!("data/surnames.txt")));
static PLACES: Words = LazyLock::new(|| lines(include_str!("data/places.txt")));
static NAME_WORDS: Words = LazyLock::new(|| lines(include_str!("data/name-words.txt")));
static STOP: Words = LazyLock::new(|| lines(include_str!("data/stop.txt")));

fn lines(file: &'static str) -> HashSet<&'static str> {
    file.lines().filter(|line| !line.is_empty()).collect()
}

/// Whether a word is one of a few.
macro_rules! has {
    ($words:literal, $fold:expr $(,)?) => {{
        static SET: Words = LazyLock::new(|| $words.split_ascii_whitespace().collect());
        SET.contains($fold)
    }};
}

/// A given name that is hardly ever a word.
pub(super) fn is_given(fold: &str) -> bool {
    GIVEN.contains(fold)
}

/// A surname that is hardly ever a word.
pub(super) fn is_surname(fold: &str) -> bool {
    SURNAMES.contains(fold)
}

/// A place; words parted by one blank.
pub(super) fn is_place(fold: &str) -> bool {
    PLACES.contains(fold)
}

/// A name that is also a word.
pub(super) fn is_name_word(fold: &str) -> bool {
    NAME_WORDS.contains(fold)
}

/// A word that is no name, even with a capital.
pub(super) fn is_stop(fold: &str) -> bool {
    STOP.contains(fold) || fold.chars().count() < 2
}

/// A surname that is also a trade: in lower case it is the trade.
pub(super) fn is_trade(fold: &str) -> bool {
    has!(
        "bakker visser brouwer kramer timmerman timmermans slager slagter schilder koopman ruiter schipper jager boer kuiper \
         molenaar jonker hofman mulder smit smid meijer schouten kok koster schutte wagenaar zeeman bouwman huisman akkerman \
         baker miller smith cook taylor carter cooper potter turner walker parker clark hunter fisher butler mason",
        fold,
    )
}

/// Given name or surname, not a word.
pub(super) fn is_name(fold: &str) -> bool {
    is_given(fold) || is_surname(fold)
}

/// A word that may stand before a surname and belongs to it.
pub(super) fn is_prefix(fold: &str) -> bool {
    has!(
        "van de der den het ten ter te t d s von vd vander la le du el al ben abu bin da dos di della o mac st",
        fold
    )
}

/// A prefix that hardly ever stands before a word that is no name.
pub(super) fn is_sure_prefix(first: &str, second: &str) -> bool {
    has!("ter ten vd vander", first)
        || (first == "van" && has!("der den t", second))
        || (first == "v" && second == "d")
}

/// A word before the name of a person.
pub(super) fn is_title(fold: &str) -> bool {
    has!(
        "dhr heer hr mw mevr mevrouw mej mejuffrouw meneer mijnheer fam familie dr drs prof ir ing mr zr zuster br vpk \
         mrs ms miss mister doctor professor nurse sir madam rev reverend pastoor dominee ds mevr mw dokter meester juf \
         juffrouw lord lady capt captain sgt lt col",
        fold,
    )
}

/// What somebody is to the patient, or to the note; a name may follow.
pub(super) fn is_role(fold: &str) -> bool {
    has!(
        "huisarts ha huisartse arts artsen specialist internist cardioloog cardiologe chirurg neuroloog neurologe longarts \
         oncoloog oncologe psychiater psycholoog psychologe fysiotherapeut fysio apotheker uroloog orthopeed dermatoloog \
         gynaecoloog gynaecologe kinderarts radioloog patholoog anesthesioloog reumatoloog geriater mdl nefroloog \
         oogarts kno tandarts verloskundige dietist dietiste logopedist behandelaar hoofdbehandelaar verwijzer \
         poortarts zaalarts assistent coassistent aios anios verpleegkundige wijkverpleegkundige verzorgende casemanager \
         begeleider begeleidster poh partner echtgenoot echtgenote ex man vrouw dochter dochters zoon zonen broer zus \
         zusje broertje moeder vader opa oma tante oom neef nicht kleindochter kleinzoon schoondochter schoonzoon \
         schoonzus zwager vriend vriendin buurman buurvrouw mantelzorger contactpersoon curator mentor bewindvoerder \
         patient patiente pat pt client cliente bewoner bewoonster naam voornaam achternaam roepnaam meisjesnaam \
         genaamd genoemd heet collega ondertekend getekend afgetekend groet groeten hoogachtend autorisatie \
         geautoriseerd gedicteerd namens kind kindje baby tweeling \
         husband wife spouse daughter daughters son sons mother father brother sister aunt uncle niece nephew grandson \
         granddaughter grandmother grandfather friend girlfriend boyfriend fiance neighbor neighbour gp pcp physician \
         surgeon cardiologist neurologist psychiatrist attending resident caregiver contact named name called \
         surname signed dictated sincerely regards veteran guardian therapist oncologist midwife pharmacist nok kin \
         counselor",
        fold,
    )
}

/// A disease, sign, scale or device named after somebody or some place.
pub(super) fn is_eponym(fold: &str) -> bool {
    has!(
        "parkinson alzheimer crohn hodgkin lyme down cushing addison graves basedow hashimoto marfan turner klinefelter \
         wilson bell huntington kaposi baker barrett paget lewy foley glasgow apgar holter doppler babinski lasegue homans \
         homan murphy mcburney kernig brudzinski romberg valsalva trendelenburg wernicke korsakov korsakoff tourette \
         asperger norton braden barthel katz killip weber rinne allen phalen tinel finkelstein lachman duke gleason \
         breslow child pugh wells ramsay hunt guillain barre guillainbarre willebrand osler rendu henoch schonlein \
         kawasaki still behcet takayasu wegener churg strauss epstein barr creutzfeldt jakob gehrig charcot marie tooth \
         duchenne becker noonan edwards patau prader willi rett wolff white brugada mobitz wenckebach adams stokes \
         mallory weiss zenker hirschsprung meckel dupuytren peyronie colles smith bennett jones pott garden schatzker \
         salter harris perthes osgood schlatter scheuermann morton achilles raynaud sjogren bechterew meniere hallpike \
         epley sudeck quervain horton tietze pfeiffer ebstein fallot eisenmenger botalli botal gilbert kussmaul cheyne \
         biot lugano ann arbor gold binet rai burkitt waldenstrom fanconi budd chiari arnold virchow frank starling \
         cullen grey heimlich billroth whipple hartmann roux nissen lichtenstein bassini shouldice kocher pfannenstiel \
         mcvay swan ganz seldinger port redon jackson pratt kirschner steinmann charnley girdlestone ilizarov \
         schwann merkel bowen spitz hutchinson stevens johnson lyell quincke dercum madelung legg calve \
         gaucher fabry pompe niemann pick tay sachs krabbe hurler hunter wolfram alport goodpasture berger liddle bartter \
         gitelman conn sheehan nelson kallmann turcot gardner lynch peutz jeghers cowden li fraumeni \
         reiter felty sjoegren pancoast horner adie argyll robertson brown sequard friedreich hallervorden spatz \
         lambert eaton isaacs rasmussen lennox gastaut west dravet jackson todd bickerstaff fisher miller \
         hamilton beck zung hachinski clock ramsey asperger capgras cotard munchausen ganser stockholm \
         coxsackie ebola zika norwalk rotterdam amsterdam utrecht maastricht leiden boston bristol \
         framingham norwood fontan mustard senning ross bentall cox blalock taussig \
         hb broca karnofsky lansky ecog zubrod charlson elixhauser rankin bamford oxford fisher hess spetzler \
         salmonella hansen pasteur koch cowper bartholin skene gartner douglas montgomery skeen braxton hicks \
         bishop kegel credé leopold naegele rhesus coombs kell duffy kidd lewis schilling schirmer snellen amsler ishihara \
         mantoux tine heaf pirquet widal weil felix wassermann ziehl neelsen gram giemsa papanicolaou pap \
         mohs breslow clark ranson glascow forrest rockall blatchford mallampati cormack lehane nyha wagner fontaine \
         rutherford leriche buerger burger sneddon libman sacks roth janeway oslers litter siewe hand schuller \
         erb klumpke tinetti borg morse waterlow downs parkinsons alzheimers crohns hodgkins",
        fold,
    )
}

/// Words beside an eponym that say it is a disease, a scale or the like.
pub(super) fn is_disease_word(fold: &str) -> bool {
    has!(
        "ziekte syndroom morbus m tumor lymfoom lymphoma disease syndrome palsy sign test score scale schaal chorea dementia \
         dementie parese paralyse teken proef manoeuvre maneuver criteria classificatie classification stadium graad \
         sarcoom sarcoma struma thyreoiditis thyroiditis oesofagus esophagus cyste cyst katheter catheter coma fenomeen \
         phenomenon fractuur fracture hernia divertikel diverticulum virus factor van body bodies lichaampjes tremor \
         neuropathie neuropathy spierdystrofie dystrophy anemia anemie contractuur contracture index grade neuroma \
         tetralogie reflex ademhaling breathing ulcus koorts borreliose borreliosis",
        fold,
    )
}

/// A word that only medicine has: a disease, a medicine, an examination.
pub(super) fn is_medical(fold: &str) -> bool {
    const ENDS: &[&str] = &[
        "itis",
        "itiden",
        "ose",
        "osis",
        "oses",
        "oom",
        "omen",
        "oma",
        "omas",
        "emie",
        "emia",
        "aemia",
        "algie",
        "algia",
        "pathie",
        "pathy",
        "tensie",
        "tension",
        "urie",
        "uria",
        "plegie",
        "plegia",
        "parese",
        "paresis",
        "ectomie",
        "ectomy",
        "stomie",
        "ostomy",
        "scopie",
        "scopy",
        "grafie",
        "graphy",
        "gram",
        "plastiek",
        "plasty",
        "therapie",
        "therapy",
        "logie",
        "logy",
        "loog",
        "loge",
        "geneeskunde",
        "cilline",
        "cillin",
        "mycine",
        "mycin",
        "floxacine",
        "floxacin",
        "statine",
        "statin",
        "olol",
        "pril",
        "sartan",
        "azol",
        "azole",
        "prazol",
        "dipine",
        "pine",
        "azepam",
        "zepine",
        "mab",
        "nib",
        "xaban",
        "parine",
        "parin",
        "gliptine",
        "gliptin",
        "formine",
        "formin",
        "glitazon",
        "oxetine",
        "pram",
        "traline",
        "peridol",
        "peridon",
        "done",
        "setron",
        "cycline",
        "vir",
        "iride",
        "thiazide",
        "semide",
        "actone",
        "solon",
        "sone",
        "son-d",
        "profen",
        "fenac",
        "coxib",
        "codon",
        "orfine",
        "kinase",
        "globine",
        "globin",
        "cyten",
        "cytes",
        "penie",
        "penia",
        "fusie",
        "fusion",
        "functie",
        "insufficientie",
        "insufficiency",
        "stenose",
        "infarct",
        "infectie",
        "infection",
        "ruptuur",
        "fractuur",
        "fracture",
        "kanker",
        "cancer",
        "ziekte",
        "disease",
        "syndroom",
        "syndrome",
        "klachten",
        "stoornis",
        "disorder",
        "pijn",
        "pain",
        "dementie",
        "delier",
        "sepsis",
        "coccus",
        "cocci",
        "bacter",
        "virus",
        "illus",
        "ella",
        "plasma",
        "foto",
        "scan",
        "onderzoek",
        "afdeling",
        "poli",
        "medicatie",
        "therapeut",
        "ine-",
        "cation",
        "ation",
        "ment",
        "heid",
        "ing",
        "ings",
        "tie",
        "ties",
        "ische",
        "isch",
        "ical",
        "eerd",
        "eert",
        "eren",
        "aandoening",
        "falen",
        "failure",
        "operatie",
        "dystrofie",
        "trofie",
        "trophy",
        "plasie",
        "plasia",
        "ectasie",
        "ectasis",
        "megalie",
        "megaly",
        "pneu",
        "thorax",
        "embolie",
        "embolism",
        "trombose",
        "thrombosis",
        "ischemie",
        "cathe",
        "catheter",
        "katheter",
    ];
    // Endings that names have too.
    const NAMES: &[&str] =
        &["ose", "son", "ella", "ing", "ings", "ment", "done", "pine", "tie", "ine-", "oma", "vir", "nib"];
    if is_name(fold) {
        return false;
    }
    let long = fold.chars().count();
    ENDS.iter().any(|end| fold.ends_with(end) && long > end.len() + if NAMES.contains(end) { 4 } else { 1 })
        || has!(
            "coli aureus pylori difficile albicans pneumoniae influenzae epidermidis faecalis pyogenes falciparum vivax \
             vagus femoralis radialis ulnaris tibialis carotis subclavia jugularis saphena poplitea brachialis iliaca \
             mesenterica renalis femur tibia fibula humerus radius ulna patella clavicula scapula sternum sacrum atrium \
             ventrikel aorta mitralis tricuspidalis pulmonalis oesofagus duodenum jejunum ileum colon rectum anus uterus \
             ovarium prostaat testis mamma hallux digitus biceps triceps quadriceps gastrocnemius trapezius deltoideus",
            fold,
        )
}

/// What follows the name of a place where it is that of a scale or disease.
pub(super) fn is_scale(fold: &str) -> bool {
    has!(
        "coma criteria score schaal scale classificatie classification stool index study studie consensus brace virus",
        fold
    )
}
