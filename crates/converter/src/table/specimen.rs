//! Tables of SPM and OBR-15: what was taken, how, and in which state it arrived.

use super::{Codes, Row, Table};

const SPECIMEN_STATUS: &str = "http://hl7.org/fhir/specimen-status";

/// HL7 table 0136 (SPM-20) → `Specimen.status`.
pub(super) static STATUS: Table = Table::mapped(&[
    Row::exact("N", SPECIMEN_STATUS, "unavailable", "Unavailable"),
    Row::exact("Y", SPECIMEN_STATUS, "available", "Available"),
]);

/// HL7 table 0493 → `Specimen.condition`.
pub(super) static CONDITION: Table = Table::same(
    "http://terminology.hl7.org/CodeSystem/v2-0493",
    &[
        Row::same("AUT", "Autolyzed"),
        Row::same("CFU", "Centrifuged"),
        Row::same("CLOT", "Clotted"),
        Row::same("CON", "Contaminated"),
        Row::same("COOL", "Cool"),
        Row::same("FROZ", "Frozen"),
        Row::same("HEM", "Hemolyzed"),
        Row::same("LIVE", "Live"),
        Row::same("ROOM", "Room temperature"),
        Row::same("SNR", "Sample not received"),
    ],
);

/// HL7 table 0490.
pub(super) static REJECT_REASON: Table = Table::same(
    "http://terminology.hl7.org/CodeSystem/v2-0490",
    &[
        Row::same("EX", "Expired"),
        Row::same("QS", "Quantity not sufficient"),
        Row::same("RA", "Missing patient ID number"),
        Row::same("RB", "Broken container"),
        Row::same("RC", "Clotting"),
        Row::same("RD", "Missing collection date"),
        Row::same("RE", "Missing patient name"),
        Row::same("RH", "Hemolysis"),
        Row::same("RI", "Identification problem"),
        Row::same("RM", "Labeling"),
        Row::same("RN", "Contamination"),
        Row::same("RP", "Missing phlebotomist ID"),
        Row::same("RR", "Improper storage"),
        Row::same("RS", "Name misspelling"),
    ],
);

/// HL7 table 0488 → `Specimen.collection.method`.
pub(super) static COLLECTION_METHOD: Codes = Codes(
    "http://terminology.hl7.org/CodeSystem/v2-0488",
    &[
        "ANP", "BAP", "BCAE", "BCAN", "BCPD", "BIO", "CAP", "CATH", "CVP", "EPLA", "ESWA", "FNA", "KOFFP",
        "LNA", "LNV", "MARTL", "ML11", "MLP", "NYP", "PACE", "PIN", "PNA", "PRIME", "PUMP", "QC5", "SCLP",
        "SCRAPS", "SHA", "SWA", "SWD", "TMAN", "TMCH", "TMM4", "TMMY", "TMOT", "TMP", "TMPV", "TMSC", "TMUP",
        "TMVI", "VENIP", "WOOD",
    ],
);

/// HL7 table 0371 → `Specimen.container.additive[x]`.
pub(super) static ADDITIVE: Codes = Codes(
    "http://terminology.hl7.org/CodeSystem/v2-0371",
    &[
        "ACDA", "ACDB", "ACET", "AMIES", "BACTM", "BF10", "BOR", "BOUIN", "BSKM", "C32", "C38", "CARS",
        "CARY", "CHLTM", "CTAD", "EDTK", "EDTK15", "EDTK75", "EDTN", "ENT", "ENT+", "F10", "FDP", "FL10",
        "FL100", "HCL6", "HEPA", "HEPL", "HEPN", "HNO3", "JKM", "KARN", "KOX", "LIA", "M4", "M4RT", "M5",
        "MICHTM", "MMDTM", "NAF", "NAPS", "NONE", "PAGE", "PHENOL", "PVA", "RLM", "SILICA", "SPS", "SST",
        "STUTM", "THROM", "THYMOL", "THYO", "TOLU", "URETM", "VIRTM", "WEST",
    ],
);

/// HL7 table 0487 → `Specimen.type`.
pub(super) static TYPE: Codes = Codes(
    "http://terminology.hl7.org/CodeSystem/v2-0487",
    &[
        "ABS", "ACNE", "ACNFLD", "AIRS", "ALL", "AMN", "AMP", "ANGI", "ARTC", "ASERU", "ASP", "ATTE",
        "AUTOA", "AUTOC", "AUTP", "BBL", "BCYST", "BDY", "BIFL", "BITE", "BLD", "BLDA", "BLDCO", "BLDV",
        "BLEB", "BLIST", "BOIL", "BON", "BONE", "BOWL", "BPH", "BPU", "BRN", "BRSH", "BRTH", "BRUS", "BUB",
        "BULLA", "BX", "CALC", "CARBU", "CAT", "CBITE", "CDM", "CLIPP", "CNJT", "CNL", "COL", "CONE", "CSCR",
        "CSERU", "CSF", "CSITE", "CSMY", "CST", "CSVR", "CTP", "CUR", "CVM", "CVPS", "CVPT", "CYN", "CYST",
        "DBITE", "DCS", "DEC", "DEION", "DIA", "DIAF", "DISCHG", "DIV", "DRN", "DRNG", "DRNGP", "DUFL",
        "EARW", "EBRUSH", "EEYE", "EFF", "EFFUS", "EFOD", "EISO", "ELT", "ENVIR", "EOS", "EOTH", "ESOI",
        "ESOS", "ETA", "ETTP", "ETTUB", "EWHI", "EXG", "EXS", "EXUDTE", "FAW", "FBLOOD", "FGA", "FIB",
        "FIST", "FLD", "FLT", "FLU", "FLUID", "FOLEY", "FRS", "FSCLP", "FUR", "GAS", "GASA", "GASAN",
        "GASBR", "GASD", "GAST", "GENL", "GENV", "GRAFT", "GRAFTS", "GRANU", "GROSH", "GSOL", "GSPEC", "GT",
        "GTUBE", "HAR", "HBITE", "HBLUD", "HEMAQ", "HEMO", "HERNI", "HEV", "HIC", "HYDC", "IBITE", "ICYST",
        "IDC", "IHG", "ILEO", "ILLEG", "IMP", "INCI", "INFIL", "INS", "INTRD", "ISLT", "IT", "IUD", "IVCAT",
        "IVFLD", "IVTIP", "JEJU", "JNTFLD", "JP", "KELOI", "KIDFLD", "LAVG", "LAVGG", "LAVGP", "LAVPG",
        "LENS1", "LENS2", "LESN", "LIQ", "LIQO", "LNA", "LNV", "LSAC", "LYM", "MAC", "MAHUR", "MAR", "MASS",
        "MBLD", "MEC", "MILK", "MLK", "MUCOS", "MUCUS", "NAIL", "NASDR", "NEDL", "NEPH", "NGASP", "NGAST",
        "NGS", "NODUL", "NSECR", "ORH", "ORL", "OTH", "PACEM", "PAFL", "PCFL", "PDSIT", "PDTS", "PELVA",
        "PENIL", "PERIA", "PILOC", "PINS", "PIS", "PLAN", "PLAS", "PLB", "PLC", "PLEVS", "PLR", "PMN", "PND",
        "POL", "POPGS", "POPLG", "POPLV", "PORTA", "PPP", "PROST", "PRP", "PSC", "PUNCT", "PUS", "PUSFR",
        "PUST", "QC3", "RANDU", "RBC", "RBITE", "RECT", "RECTA", "RENALC", "RENC", "RES", "SAL", "SCAR",
        "SCLV", "SCROA", "SECRE", "SER", "SHU", "SHUNF", "SHUNT", "SITE", "SKBP", "SKN", "SMM", "SMN", "SNV",
        "SPRM", "SPRP", "SPRPB", "SPS", "SPT", "SPTC", "SPTT", "SPUT1", "SPUTIN", "SPUTSP", "STER", "STL",
        "STONE", "SUBMA", "SUBMX", "SUMP", "SUP", "SUTUR", "SWGZ", "SWT", "TASP", "TEAR", "THRB", "TISS",
        "TISU", "TLC", "TRAC", "TRANS", "TSERU", "TSTES", "TTRA", "TUBES", "TUMOR", "TZANC", "UDENT", "UMED",
        "UR", "URC", "URINB", "URINC", "URINM", "URINN", "URINP", "URNS", "URT", "USCOP", "USPEC", "USUB",
        "VASTIP", "VENT", "VITF", "VOM", "WASH", "WASI", "WAT", "WB", "WBC", "WEN", "WICK", "WND", "WNDA",
        "WNDD", "WNDE", "WORM", "WRT", "WWA", "WWO", "WWT",
    ],
);

/// HL7 table 0070: what OBR-15 named a specimen by before SPM came.
pub(super) static SOURCE: Codes = Codes(
    "http://terminology.hl7.org/CodeSystem/v2-0070",
    &[
        "ABLD", "ABS", "AMN", "ASP", "BBL", "BDY", "BIFL", "BLD", "BLDA", "BLDC", "BLDCO", "BLDV", "BON",
        "BPH", "BPU", "BRN", "BRO", "BRTH", "CALC", "CBLD", "CDM", "CNJT", "CNL", "COL", "CSF", "CTP", "CUR",
        "CVM", "CVX", "CYST", "DIAF", "DOSE", "DRN", "DUFL", "EAR", "EARW", "ELT", "ENDC", "ENDM", "EOS",
        "EXG", "EXHLD", "EYE", "FIB", "FIST", "FLT", "FLU", "GAS", "GAST", "GEN", "GENC", "GENL", "GENV",
        "HAR", "IHG", "ISLT", "IT", "LAM", "LIQ", "LN", "LNA", "LNV", "LYM", "MAC", "MAR", "MBLD", "MEC",
        "MILK", "MLK", "MN", "NAIL", "NOS", "ORH", "OTH", "PAFL", "PAT", "PER", "PLAS", "PLB", "PLC", "PLR",
        "PMN", "PPP", "PRP", "PRT", "PUS", "RBC", "RT", "SAL", "SEM", "SER", "SKM", "SKN", "SMN", "SNV",
        "SPRM", "SPT", "SPTC", "SPTT", "STL", "STON", "SWT", "TEAR", "THRB", "THRT", "TIS", "TISB", "TISC",
        "TISG", "TISL", "TISP", "TISPL", "TISS", "TISU", "TLGI", "TLNG", "TSMI", "TUB", "ULC", "UMB", "UMED",
        "UR", "URC", "URNS", "URT", "URTH", "USUB", "VITF", "VOM", "WAT", "WBC", "WICK", "WND", "WNDA",
        "WNDD", "WNDE", "XXX",
    ],
);
