"""Common English words that are also names of a gene, a drug or a disease."""

from __future__ import annotations

# Written for this module: function words, words of scientific writing, and names of general
# classes, which are never biomedical entities. Words that may be entities (cancer, water, iron,
# mouse, patient, pain) are not included.
COMMON_WORDS = frozenset(
    """
    a abnormalities abnormality about above according across action active acts actually add after
    again against age aged ages ago aim aims all allow almost alone along already also although
    always am among amount an analyses analysis and annual another any anything apart apparent
    appear are area areas aria arm arms around article articles as aside ask assay assess at
    attempt author authors available average away back bad base based bases basic be became because
    become been before began begin behind being below best better between beyond big birth black
    block blocks blue body book both bring brown but by call called came can cannot care carry case
    cases catch cause caused causes cell cells center central certain chance change changes
    chemical chemicals choice city class clear clinic clinical clock close code cold combine
    combined combines common compared complete complex compound compounds con control controls cost
    could count country course cross cut damage data date day days dead deal death decrease deep
    defect defects degree design detail development did die diet difference different direct
    disability discussion disease diseases disorder disorders do does done dose doses double down
    draw drop drug drugs due during each early easy effect effects eight either eleven else end
    energy enough entire equal error even event ever every evidence example except expected
    experience eye face fact factor factors fail fall falls family far fast fat father feature
    features feel feet female females few field fig figure final find finding findings finger fire
    first fit five flow follow following food foot for force form forms found four free frequency
    frequent from front full function functional future gain gap gave gene general genes get give
    given go goal god going good got great green group groups grow growth had half hand hands
    happen hard has have he head health heart heat held help her here high higher highest him his
    history hit hold home hope hospital host hot hour hours house how however i ice idea if illness
    image impact important in inc include increase increased index individual initial injection
    inside instead intermediate into is issue it item items its itself join just keep key kind know
    known lack land large last late later law lead leads learn least led left length less let level
    levels library life light like likely limit line lines link list little live load local long
    look loss lot low lower machine made main major make makes making male males many map mark
    marked markers mass match material matter may me mean means measure media medical medium member
    method methods middle might mild mind minor minute miss mode model models moderate molecule
    molecules moment month months more morning most mother mouth move movement much multiple must
    my name names nation national natural nature near need needed needs net network never new next
    night nine no node non none nor normal north not note noted nothing novel now null number
    object observed of off often old on once one only open or order organ origin other others our
    out outcome output over own page paper parent part partial particular parts pass past path
    pathology pattern per percent period phase phenotype place plan plasma plate play plus point
    points poor population position possible post potential power present pressure previous primary
    problem process product program progress protein proteins protocol public pure purpose put
    quality question quick quite rate rather ratio raw reach read ready real reason recent red
    reduce reduced region regions related relative repeat report reported reports research response
    rest result results review right ring rise risk role root round rule run said sample save say
    saying says scale school score screen sea search second section see seem seen segment self
    sensitive sent sequence serial series set seven several severe sex shape share she short should
    show shown side sign signs similar simple simply since single site sites six size skin slow
    small so social some sound source south space species specific spot spring stage standard star
    start state states status step still stop strain strains strong structure studies study such
    sudden summary support surface survey survival symptom symptoms syndrome system systems table
    take taken taking tandem task ten term terms test tested tests than that the their them then
    theory there these they thin thing things think third this those though three through thus time
    times tip to together told tool top total touch toward track trait transient treat treated
    treatment trial trials tube turn twelve twice two type types unit units unknown until up upon
    upper us use used user uses using usual value values variable various very via view visit vital
    voice was way ways we week weeks weight well were west what when where whereas whether which
    while white who whole whom whose why wide wild will with within without word words work world
    would year years yellow yes yet you young your zero
    """.split()
)
