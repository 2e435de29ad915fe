"""Texts that a browser and Python must read the same: scripts, signs, layouts and lengths."""

from __future__ import annotations

_SENTENCE = (
    "Patients with chronic kidney disease (CKD) who took metformin, ibuprofen or tacrolimus had "
    "lower IL-6 and TNF-alpha in serum than mice with Kras G12D, "
)
_LONG = _SENTENCE * 12 + "and HeLa cells recovered."  # one sentence of several windows
_ABSTRACT = (
    "Background: Asthma is common. We studied STAT3 in airway epithelial cells.\n"
    "Methods: Mice (Mus musculus) received dexamethasone 0. 5 mg/kg; see Fig. 2.\n\n"
    "Results: STAT3 was raised. Asthma improved in 12 of 15 mice.\n"
    "- budesonide\n- salbutamol\n2. Conclusions: STAT3 drives asthma.\n"
)

TEXTS = [
    "",
    " \n\t ",
    "Aspirin.",
    "Metformin treats type 2 diabetes mellitus (T2DM). T2DM is common; metformin is cheap.",
    "😀 aspirin 😀😀 for asthma 👩‍👩‍👧 in family",
    "Fever 🤒, cough and 🫁 pneumonia: give amoxicillin 💊💊.",
    "🇩🇪🇫🇷 patients with cystic fibrosis 🏴󠁧󠁢󠁥󠁮󠁧󠁿 and CFTR p.Phe508del",
    "naïve café-au-lait spots and neurofibromatosis",
    "nai\u0308ve cafe\u0301-au-lait spots and neurofibromatosis; Sjo\u0308gren's syndrome",
    "Sjögren syndrome, Behçet disease, Ménière's disease and Guillain–Barré syndrome",
    "a\u0301\u0302\u0303\u0304\u0305 asthma \u0301 asthma",
    "患者有糖尿病，服用 metformin 治疗。Asthma 也常见。",
    "糖尿病患者服用アスピリン。喘息は common asthma です。",
    "당뇨병 환자 metformin 투여 asthma",
    "ผู้ป่วยเบาหวาน metformin และ asthma",
    "مريض السكري metformin و asthma",
    "मधुमेह रोगी metformin और asthma\u200d",
    "ＢＲＣＡ１ and ＩＬ－２ in ｃａｎｃｅｒ",
    "ﬁbrosis of the lung and inﬂammation; cystic ﬁbrosis",
    "as\u00adthma and meta\u200bstatic can\u2060cer with BR\u200cCA1",
    "𝐁𝐑𝐂𝐀𝟏 and 𝑃𝑇𝐸𝑁 in breast cancer",
    "Aspirin.\r\nAsthma was seen.\r\n\r\nMetformin was given.\r\n",
    "Aspirin.\rAsthma was seen.\r\rMetformin was given.",
    "Line one with asthma\u2028Metformin\u2029Second paragraph with gout",
    "\x1cHypertension\x1d and \x85 obesity \x0b gout \x0c stroke",
    "\ufeffAspirin for gout",
    "Aspirin\ud800for gout",
    "α-synuclein, β-catenin, TNF-α, IFN-γ and NF-κB in Parkinson's disease",
    "Ca²⁺, Na⁺/K⁺-ATPase, H₂O₂ and 10⁻³ M NaCl; 5 µg and 5 μg",
    "p53, mRNA, BRCA1, miR-21, c-Myc, TP53 R175H, rs1801133 and c.68_69delAG",
    "HeLa, MCF-7, HEK293T and A549 cells; CD4+ T cells and fibroblasts",
    "E. coli, S. aureus, Homo sapiens, Drosophila melanogaster and SARS-CoV-2",
    "the nucleus, mitochondria, plasma membrane and endoplasmic reticulum of hepatocytes",
    "N-methyl-D-aspartate, 2-deoxy-D-glucose, (R)-(+)-limonene and 1,25(OH)2D3",
    "EC 1. 1. 1. 49 at 8q24. 1 was 0. 5 and 12. 3. Smith et al. saw it.",
    "Dr. Smith gave 5 mg. No. 5 vs. No. 6 (approx. 3 h). He had gout a.m. and p.m.",
    "He had gout.She had asthma.They had stroke.",
    "\"He had gout.\" (She had asthma.) 'They had stroke!' Did he? Yes!",
    "SMITH HAD GOUT. HE TOOK ASPIRIN. MYOCARDIAL INFARCTION FOLLOWED.",
    "chronic obstructive pulmonary disease (COPD) and COPD [heart failure; HF] with HF",
    "Chronic kidney\ndisease (CKD) and gout\u2028flares\r(GFs\n); T2DM (type 2\ndiabetes mellitus)",
    "- chronic gout\n- dialysis (CGD)\nHTN\n\n(hypertension) and AKI (acute kidney\n- injury)",
    "“chronic gout” (CG) and 'heart fever' (“H\u00adF”); 😀 «\u200bAB» (\"𝐀sthma\u200b brevis\")",
    "T2DM (type 2 diabetes mellitus) and CKD (chronic kidney disease; stage 3); T2DM, CKD.",
    "Gout. Gout. Gout recurs, gout hurts; colchicine, Colchicine, COLCHICINE.",
    "diabetes\nasthma\ngout\ntype 2\ndiabetes\n\nstroke\r\n\r\nobesity",
    "chronic kidney\ndisease of\nthe elderly\ngout\nasthma",
    "problems: chronic kidney disease, gout\nasthma, mild\n\nfever\n😀😀\ncough 🤒\nrash",
    "Histology\nShowed adenocarcinoma\nof the lung (type 2)\nwas found\n\nand metastasis",
    "a) asthma\nb) gout\n(c) stroke\n• obesity\n– anaemia\n1. scurvy\n2. rickets\n",
    "Findings in wrapped text that goes on for more than forty characters per\nLine were "
    "consistent with hepatitis\nB and vitamin\nB12 deficiency, and with type\nII diabetes.",
    "ACGT" * 60 + " in BRCA1",
    "x" * 300 + " asthma",
    "asthma," * 200,
    "( ( ( asthma ) ) ) [ gout ] { stroke } < anaemia > | scurvy |",
    "https://example.org/asthma?x=1&y=gout#stroke and a.b@example.org had asthma",
    "İstanbul ıssız ŞEKER asthma; ǅ ǆ Ǆ; ß ẞ; ſtroke; K (Kelvin) and Å (angstrom)",
    "1½ tablets of aspirin, ¼ of warfarin, № 5, ℃, ™ and ® of Aspirin®",
    "¿Asthma? ¡Gout! «Stroke» ‹anaemia› “scurvy” ‘rickets’ „obesity“…",
    "E\u0301. coli and 1\u20e3 asthma ☺️ ☎︎ ✂️ ❤️‍🔥 heart failure",
    "क्षय रोग tuberculosis and हिन्दी",
    "\u1112\u1161\u11ab\u1100\u1173\u11af asthma",
    _ABSTRACT,
    _ABSTRACT.replace("\n", "\r\n"),
    _LONG,
    "😀 " + _LONG,
    _ABSTRACT * 20,
    "\n".join(_SENTENCE + str(number) for number in range(30)),
]
