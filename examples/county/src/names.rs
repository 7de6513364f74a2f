//! Invented names: townships, villages, people, firms. No real person or place is meant; the lists are common syllables.

use crate::random::Dice;

/// Name of the county, invented.
pub(crate) const COUNTY: &str = "安澜县";
/// Statistical code of the county, not in use anywhere.
pub(crate) const COUNTY_CODE: &str = "619021";
/// Codes of the neighbouring counties from which people marry in, also invented.
pub(crate) const NEIGHBOUR_CODES: [&str; 4] = ["619022", "619023", "619024", "619025"];

/// Names of townships, the county seat first.
pub(crate) const TOWNSHIPS: [&str; 24] = [
    "澜城镇",
    "青溪镇",
    "双河口镇",
    "大坪坝镇",
    "云盘镇",
    "柳树湾镇",
    "石板镇",
    "麻柳镇",
    "红岩乡",
    "松林垭乡",
    "铜沟乡",
    "凤台镇",
    "长岭乡",
    "后坡乡",
    "响水镇",
    "平桥镇",
    "黄泥梁乡",
    "核桃坪乡",
    "两岔镇",
    "板栗乡",
    "清泉乡",
    "茶垭乡",
    "高桥镇",
    "白果乡",
];

const SURNAMES: [&str; 72] = [
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何",
    "郭", "马", "罗", "梁", "宋", "郑", "谢", "韩", "唐", "冯", "于", "董", "萧", "程", "曹", "袁", "邓",
    "许", "傅", "沈", "曾", "彭", "吕", "苏", "卢", "蒋", "蔡", "贾", "丁", "魏", "薛", "叶", "阎", "余",
    "潘", "杜", "戴", "夏", "钟", "汪", "田", "任", "姜", "范", "方", "石", "姚", "谭", "廖", "邹", "熊",
    "金", "陆", "郝", "孔",
];
const COMPOUND_SURNAMES: [&str; 3] = ["欧阳", "司马", "上官"];

const MALE: [&str; 96] = [
    "伟", "强", "军", "勇", "涛", "明", "超", "刚", "平", "辉", "鹏", "华", "飞", "鑫", "波", "斌", "宇",
    "浩", "凯", "健", "俊", "帆", "帅", "旭", "宁", "龙", "林", "欢", "阳", "建", "国", "志", "德", "文",
    "荣", "贵", "生", "发", "才", "财", "友", "昌", "兴", "成", "东", "海", "山", "仁", "义", "礼", "信",
    "忠", "孝", "安", "康", "福", "禄", "寿", "喜", "全", "正", "光", "永", "长", "金", "银", "世", "家",
    "有", "清", "春", "学", "远", "厚", "良", "民", "启", "先", "登", "高", "子", "天", "云", "松", "柏",
    "树", "森", "泽", "源", "江", "河", "川", "峰", "岩", "磊", "坤",
];
const FEMALE: [&str; 84] = [
    "芳", "娜", "敏", "静", "丽", "燕", "艳", "娟", "霞", "玲", "桂", "英", "秀", "兰", "梅", "凤", "珍",
    "翠", "红", "莲", "菊", "香", "玉", "琴", "芬", "素", "云", "萍", "群", "惠", "淑", "月", "彩", "春",
    "夏", "秋", "冬", "雪", "花", "巧", "美", "慧", "婷", "雅", "欣", "怡", "佳", "倩", "琳", "莉", "蕾",
    "薇", "晶", "洁", "颖", "露", "瑶", "楠", "丹", "青", "晓", "小", "春", "明", "会", "清", "琼", "蓉",
    "华", "荣", "银", "金", "珠", "银", "先", "思", "雨", "梦", "诗", "语", "可", "子", "若", "涵",
];
const TIBETAN_MALE: [&str; 10] = [
    "扎西", "多吉", "顿珠", "次仁", "平措", "旺堆", "洛桑", "丹增", "格桑", "仁青",
];
const TIBETAN_FEMALE: [&str; 10] = [
    "卓玛", "拉姆", "央金", "白玛", "德吉", "曲珍", "梅朵", "措姆", "吉宗", "旺姆",
];

/// Characters that people and clerks write for one another: (usual, variant with the same meaning).
pub(crate) const VARIANTS: [(char, char); 8] = [
    ('萧', '肖'),
    ('阎', '闫'),
    ('傅', '付'),
    ('戴', '代'),
    ('坤', '堃'),
    ('峰', '峯'),
    ('国', '國'),
    ('华', '華'),
];

/// Characters that sound alike and are mistaken by ear.
pub(crate) const HOMOPHONES: [(char, char); 24] = [
    ('伟', '玮'),
    ('军', '君'),
    ('明', '铭'),
    ('辉', '晖'),
    ('鹏', '朋'),
    ('波', '博'),
    ('斌', '彬'),
    ('浩', '昊'),
    ('健', '建'),
    ('志', '智'),
    ('荣', '容'),
    ('贵', '桂'),
    ('芳', '方'),
    ('丽', '莉'),
    ('娟', '涓'),
    ('玲', '灵'),
    ('英', '瑛'),
    ('秀', '绣'),
    ('兰', '岚'),
    ('珍', '真'),
    ('琴', '勤'),
    ('芬', '纷'),
    ('清', '青'),
    ('永', '勇'),
];

const PLANTS: [&str; 30] = [
    "青冈", "柏树", "石板", "桃园", "竹园", "响水", "龙潭", "核桃", "板栗", "麻柳", "银杏", "茶园", "杏花",
    "梨树", "枣树", "椿树", "白杨", "松树", "油坊", "磨坊", "碾子", "瓦窑", "铁炉", "盐井", "观音", "土地",
    "马鞍", "鹰嘴", "月亮", "太阳",
];
const LANDFORMS: [&str; 16] = [
    "坪", "湾", "沟", "梁", "坝", "垭", "岭", "河", "口", "寨", "院", "滩", "坡", "岩", "槽", "塘",
];

/// A surname by rough frequency: the front of the list is more common.
pub(crate) fn surname(dice: &mut Dice) -> &'static str {
    if dice.chance(0.004) {
        return dice.pick::<&'static str>(&COMPOUND_SURNAMES);
    }
    let skew = dice.unit() * dice.unit().sqrt();
    SURNAMES[((skew * SURNAMES.len() as f64) as usize).min(SURNAMES.len() - 1)]
}

/// A given name; `generation` is the clan's shared first syllable, used by some men.
pub(crate) fn given_name(dice: &mut Dice, male: bool, generation: Option<&str>) -> String {
    let list: &[&str] = if male { &MALE } else { &FEMALE };
    match generation.filter(|_| male && dice.chance(0.35)) {
        Some(shared) => format!("{shared}{}", dice.pick(list)),
        None if dice.chance(0.22) => (*dice.pick(list)).to_owned(),
        None => {
            let first = *dice.pick(list);
            let mut second = *dice.pick(list);
            while second == first && !dice.chance(0.2) {
                second = *dice.pick(list);
            }
            format!("{first}{second}")
        }
    }
}

/// A syllable shared by a clan's generation.
pub(crate) fn generation_syllable(dice: &mut Dice) -> &'static str {
    dice.pick::<&'static str>(&MALE[40..80])
}

/// A Tibetan name in Chinese characters with its middle dot.
pub(crate) fn dotted_name(dice: &mut Dice, male: bool) -> String {
    let list = if male { &TIBETAN_MALE } else { &TIBETAN_FEMALE };
    format!("{}·{}", dice.pick(&TIBETAN_MALE), dice.pick(list))
}

/// A name of a village, without 村.
pub(crate) fn village(dice: &mut Dice) -> String {
    let landform = dice.pick(&LANDFORMS);
    if dice.chance(0.45) {
        format!("{}家{landform}", dice.pick(&SURNAMES))
    } else {
        format!("{}{landform}", dice.pick(&PLANTS))
    }
}

/// A name of a firm.
pub(crate) fn firm(dice: &mut Dice) -> String {
    const TRADES: [&str; 8] = [
        "建材",
        "商贸",
        "运输",
        "农业发展",
        "餐饮管理",
        "劳务",
        "茶叶",
        "装饰工程",
    ];
    const WORDS: [&str; 12] = [
        "兴源",
        "恒达",
        "金穗",
        "鸿运",
        "绿野",
        "盛安",
        "永顺",
        "汇丰源",
        "聚农",
        "同心",
        "宏远",
        "瑞和",
    ];
    format!("{COUNTY}{}{}有限公司", dice.pick(&WORDS), dice.pick(&TRADES))
}

/// A name of a farmers' cooperative.
pub(crate) fn cooperative(dice: &mut Dice) -> String {
    const TRADES: [&str; 6] = ["茶叶", "核桃", "中药材", "生猪养殖", "食用菌", "蔬菜"];
    let village = village(dice);
    format!("{COUNTY}{village}{}农民专业合作社", dice.pick(&TRADES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_can_be_written_in_gbk() {
        let lists = [
            &SURNAMES[..],
            &MALE[..],
            &FEMALE[..],
            &TIBETAN_MALE[..],
            &TOWNSHIPS[..],
            &PLANTS[..],
        ];
        for text in lists.concat() {
            assert!(!encoding_rs::GBK.encode(text).2, "{text}");
        }
        for (a, b) in VARIANTS.into_iter().chain(HOMOPHONES) {
            assert!(!encoding_rs::GBK.encode(&format!("{a}{b}·")).2);
        }
    }
}
