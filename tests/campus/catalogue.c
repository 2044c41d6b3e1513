#include "catalogue.h"

/* Interleaved by use, so that a small fleet (--gateways 40) already has some of everything. */
const struct building_type catalogue_buildings[] = {
    {"涵英楼", USE_OFFICE, 1, 9, 90, "物业一部"},
    {"能源中心", USE_ENERGY, 1, 3, 60, "能源管理中心"},
    {"学生公寓C1", USE_APARTMENT, 0, 14, 34, "学生公寓管理中心"},
    {"1号巨构", USE_RESEARCH, 2, 6, 100, "物业二部"},
    {"图书馆", USE_LIBRARY, 1, 7, 50, "图书馆"},
    {"1号泵房", USE_PUMP, 1, 1, 14, "后勤保障部水电科"},
    {"学生公寓C2", USE_APARTMENT, 0, 14, 34, "学生公寓管理中心"},
    {"2号巨构", USE_RESEARCH, 2, 6, 100, "物业二部"},
    {"体育馆", USE_SPORT, 1, 3, 26, "体育中心"},
    {"综合食堂", USE_CANTEEN, 1, 3, 26, "饮食服务中心"},
    {"学生公寓C3", USE_APARTMENT, 0, 14, 34, "学生公寓管理中心"},
    {"3号巨构", USE_RESEARCH, 2, 6, 100, "物业三部"},
    {"东区教学楼", USE_TEACHING, 1, 6, 44, "教务处"},
    {"110kV变电站", USE_SUBSTATION, 1, 2, 14, "后勤保障部水电科"},
    {"学生公寓C4", USE_APARTMENT, 0, 14, 34, "学生公寓管理中心"},
    {"4号巨构", USE_RESEARCH, 2, 6, 100, "物业三部"},
    {"西区教学楼", USE_TEACHING, 1, 6, 44, "教务处"},
    {"校区室外", USE_OUTDOOR, 0, 1, 30, "后勤保障部"},
    {"学生公寓C5", USE_APARTMENT, 0, 14, 34, "学生公寓管理中心"},
    {"5号巨构", USE_RESEARCH, 2, 6, 100, "物业三部"},
    {"行政服务中心", USE_OFFICE, 1, 5, 30, "物业一部"},
    {"2号泵房", USE_PUMP, 1, 1, 14, "后勤保障部水电科"},
    {"学生公寓C6", USE_APARTMENT, 0, 14, 34, "学生公寓管理中心"},
    {"国际会议中心", USE_OFFICE, 1, 4, 28, "会议服务部"},
    {"学生公寓C7", USE_APARTMENT, 0, 14, 34, "学生公寓管理中心"},
    {"分析测试中心", USE_RESEARCH, 1, 5, 50, "分析测试中心"},
    {"学生公寓C8", USE_APARTMENT, 0, 16, 34, "学生公寓管理中心"},
    {"清真食堂", USE_CANTEEN, 0, 2, 12, "饮食服务中心"},
    {"学生公寓C9", USE_APARTMENT, 0, 16, 34, "学生公寓管理中心"},
    {"校医院", USE_OFFICE, 1, 4, 16, "校医院"},
    {"学生公寓C10", USE_APARTMENT, 0, 16, 34, "学生公寓管理中心"},
    {"游泳馆", USE_SPORT, 1, 2, 14, "体育中心"},
    {"学生公寓C11", USE_APARTMENT, 0, 16, 34, "学生公寓管理中心"},
    {"2号换热站", USE_ENERGY, 1, 1, 12, "能源管理中心"},
    {"学生公寓C12", USE_APARTMENT, 0, 16, 34, "学生公寓管理中心"},
    {"中心车库", USE_OUTDOOR, 2, 1, 20, "保卫处"},
};
const size_t catalogue_building_count = sizeof catalogue_buildings / sizeof *catalogue_buildings;

const struct subsystem_type catalogue_subsystems[SUBSYSTEM_COUNT] = {
    [SUBSYSTEM_POWER] = {"供配电", "供配电", "后勤保障部水电科"},
    [SUBSYSTEM_HEAT] = {"供冷供热", "冷热", "能源管理中心"},
    [SUBSYSTEM_WATER] = {"供水", "供水", "后勤保障部水电科"},
    [SUBSYSTEM_APARTMENT] = {"学生公寓预付费用电", "公寓用电", "学生公寓管理中心"},
    [SUBSYSTEM_LIGHTING] = {"智能照明", "照明", NULL},
    [SUBSYSTEM_PATROL] = {"智能巡检", "巡检", NULL},
    [SUBSYSTEM_FIRE] = {"消防水监测", "消防水", "保卫处"},
    [SUBSYSTEM_ENERGY] = {"能源态势感知", "能源态势", "能源管理中心"},
};

#define BATTERY {"battery", SIGNAL_BATTERY, 22, 100, 0}
#define RSSI {"rssi", SIGNAL_RSSI, -112, -58, 0}
#define SPREAD(research, office, energy, apartment, library, sport, pump, canteen, teaching, outdoor, substation) \
    {research, office, energy, apartment, library, sport, pump, canteen, teaching, outdoor, substation}

/* The shares add up to 48,000 terminals, and their rates to 1,920,000 messages a day (R010, R011): a test counts
 * both. Meters (electricity, prepaid, water, heat): 9,112 (R047). */
const struct terminal_class catalogue_classes[] = {
    {
        .name = "electricity-meter", .prefix = "EM", .subsystem = SUBSYSTEM_POWER, .share = 4200, .period = 1200,
        .place = PLACE_SWITCH, .profile = PROFILE_USE, .vendor = "恒测仪表", .models = {"HC-DTS634", "HC-DDS215"},
        .nouns = {"照明电表", "插座电表", "空调电表", "动力电表", "电梯电表"},
        .tags = {"用能计量", "分项计量"}, .bus = "modbus",
        .spread = SPREAD(10, 10, 9, 4, 8, 8, 10, 12, 8, 3, 30),
        .metrics = {{"voltage", SIGNAL_VOLTAGE, 214, 231, 1}, {"current", SIGNAL_CURRENT, 3, 0, 2},
                    {"power", SIGNAL_LOAD, 2, 60, 2}, {"energy", SIGNAL_REGISTER, 2, 60, 2}},
    },
    {
        .name = "feeder", .prefix = "FD", .subsystem = SUBSYSTEM_POWER, .share = 900, .period = 900,
        .place = PLACE_SWITCH, .profile = PROFILE_USE, .vendor = "启能电气", .models = {"QN-PMC53", "QN-PMC33"},
        .nouns = {"馈线测控", "进线测控", "母联测控"}, .tags = {"供电安全"}, .bus = "modbus",
        .spread = SPREAD(8, 6, 20, 4, 5, 5, 8, 6, 6, 1, 90),
        .metrics = {{"current", SIGNAL_CURRENT, 3, 0, 1}, {"power", SIGNAL_LOAD, 30, 400, 1},
                    {"temperature", SIGNAL_PLANT, 28, 52, 1}, {"switch", SIGNAL_CONSTANT, 1, 1, 0}},
    },
    {
        .name = "transformer", .prefix = "TR", .subsystem = SUBSYSTEM_POWER, .share = 120, .period = 300,
        .place = PLACE_SWITCH, .profile = PROFILE_USE, .vendor = "启能电气", .models = {"QN-BWD3K", "QN-BWD3K"},
        .nouns = {"变压器温控"}, .tags = {"供电安全", "重点设备"}, .bus = "modbus",
        .spread = SPREAD(6, 4, 20, 3, 4, 4, 6, 4, 4, 0, 120),
        .metrics = {{"temperature", SIGNAL_PLANT, 42, 88, 1}, {"power", SIGNAL_LOAD, 300, 1250, 1},
                    {"current", SIGNAL_CURRENT, 3, 0, 1}},
    },
    {
        .name = "heat-meter", .prefix = "HM", .subsystem = SUBSYSTEM_HEAT, .share = 412, .period = 900,
        .place = PLACE_PLANT, .profile = PROFILE_PLANT, .vendor = "澜泰流量", .models = {"LT-RC80", "LT-RC150"},
        .nouns = {"冷热量表"}, .tags = {"用能计量", "供冷供热"}, .bus = "mbus",
        .spread = SPREAD(10, 10, 30, 6, 10, 10, 0, 8, 8, 0, 0),
        .metrics = {{"flow", SIGNAL_LOAD, 8, 120, 2}, {"power", SIGNAL_LOAD, 40, 700, 1},
                    {"energy", SIGNAL_REGISTER, 40, 700, 1}, {"supply_temperature", SIGNAL_PLANT, 41, 48, 1},
                    {"return_temperature", SIGNAL_PLANT, 36, 40, 1}},
    },
    {
        .name = "fan-coil", .prefix = "FC", .subsystem = SUBSYSTEM_HEAT, .share = 7600, .period = 3600,
        .place = PLACE_ROOM, .profile = PROFILE_USE, .vendor = "暖联控制", .models = {"NL-T206", "NL-T208"},
        .nouns = {"风机盘管温控器"}, .tags = {"供冷供热", "末端控制"}, .bus = "modbus",
        .spread = SPREAD(12, 14, 3, 2, 10, 6, 1, 6, 9, 0, 2),
        .metrics = {{"temperature", SIGNAL_ROOM, 17, 24, 1}, {"setpoint", SIGNAL_CONSTANT, 20, 24, 0},
                    {"switch", SIGNAL_SWITCH, 0.3, 0, 0}, {"fan", SIGNAL_PERCENT, 25, 0, 0}},
    },
    {
        .name = "valve", .prefix = "VA", .subsystem = SUBSYSTEM_HEAT, .share = 1400, .period = 3600,
        .place = PLACE_PLANT, .profile = PROFILE_PLANT, .vendor = "暖联控制", .models = {"NL-V50", "NL-V80"},
        .nouns = {"电动调节阀", "平衡阀"}, .tags = {"供冷供热"}, .bus = "modbus",
        .spread = SPREAD(10, 10, 30, 4, 8, 8, 2, 6, 8, 0, 0),
        .metrics = {{"opening", SIGNAL_PERCENT, 1, 0, 0}, {"temperature", SIGNAL_PLANT, 36, 47, 1}},
    },
    {
        .name = "chiller", .prefix = "CH", .subsystem = SUBSYSTEM_HEAT, .share = 24, .period = 60,
        .place = PLACE_PLANT, .profile = PROFILE_PLANT, .vendor = "北辰冷机", .models = {"BC-LX1200", "BC-RB900"},
        .nouns = {"冷热机组"}, .tags = {"供冷供热", "重点设备"}, .bus = "modbus",
        .spread = SPREAD(0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0),
        .metrics = {{"power", SIGNAL_LOAD, 180, 640, 1}, {"energy", SIGNAL_REGISTER, 180, 640, 1},
                    {"supply_temperature", SIGNAL_PLANT, 42, 50, 1}, {"return_temperature", SIGNAL_PLANT, 37, 41, 1},
                    {"switch", SIGNAL_SWITCH, 0.2, 0, 0}},
    },
    {
        .name = "water-meter", .prefix = "WM", .subsystem = SUBSYSTEM_WATER, .share = 900, .period = 1800,
        .place = PLACE_SHAFT, .profile = PROFILE_WATER, .vendor = "澜泰流量", .models = {"LT-WS20", "LT-WS50"},
        .nouns = {"生活水表", "中水水表", "绿化水表"}, .tags = {"用能计量", "供水"}, .bus = "lora",
        .spread = SPREAD(8, 8, 6, 12, 6, 10, 30, 20, 8, 10, 2),
        .metrics = {{"flow", SIGNAL_LOAD, 0.4, 14, 2}, {"volume", SIGNAL_REGISTER, 0.4, 14, 2}, BATTERY, RSSI},
    },
    {
        .name = "pump", .prefix = "PU", .subsystem = SUBSYSTEM_WATER, .share = 60, .period = 60,
        .place = PLACE_PUMP, .profile = PROFILE_WATER, .vendor = "启能电气", .models = {"QN-VF37", "QN-VF22"},
        .nouns = {"供水泵", "增压泵", "循环泵"}, .tags = {"供水", "重点设备"}, .bus = "modbus",
        .spread = SPREAD(1, 1, 6, 0, 1, 1, 60, 1, 0, 0, 0),
        .metrics = {{"power", SIGNAL_LOAD, 7, 37, 2}, {"energy", SIGNAL_REGISTER, 7, 37, 2},
                    {"frequency", SIGNAL_CROWD, 28, 50, 1}, {"pressure", SIGNAL_PRESSURE, 0.38, 0.62, 3},
                    {"switch", SIGNAL_SWITCH, 0.05, 0, 0}},
    },
    {
        .name = "pressure", .prefix = "PR", .subsystem = SUBSYSTEM_WATER, .share = 400, .period = 900,
        .place = PLACE_PUMP, .profile = PROFILE_WATER, .vendor = "恒测仪表", .models = {"HC-P310"},
        .nouns = {"管网压力变送器"}, .tags = {"供水", "管网"}, .bus = "lora",
        .spread = SPREAD(6, 6, 8, 5, 5, 6, 40, 6, 5, 20, 2),
        .metrics = {{"pressure", SIGNAL_PRESSURE, 0.26, 0.46, 3}, BATTERY, RSSI},
    },
    {
        .name = "level", .prefix = "LV", .subsystem = SUBSYSTEM_WATER, .share = 160, .period = 300,
        .place = PLACE_PUMP, .profile = PROFILE_WATER, .vendor = "恒测仪表", .models = {"HC-L120"},
        .nouns = {"水箱液位计", "集水井液位计"}, .tags = {"供水"}, .bus = "modbus",
        .spread = SPREAD(3, 3, 5, 2, 3, 4, 40, 4, 3, 3, 2),
        .metrics = {{"level", SIGNAL_LEVEL, 1.4, 3.6, 2}, {"temperature", SIGNAL_PLANT, 11, 19, 1}},
    },
    {
        .name = "prepaid-meter", .prefix = "PM", .subsystem = SUBSYSTEM_APARTMENT, .share = 3600, .period = 1800,
        .place = PLACE_ROOM, .profile = PROFILE_APARTMENT, .vendor = "恒测仪表", .models = {"HC-DDSY21", "HC-DDSY22"},
        .nouns = {"预付费电表"}, .tags = {"公寓用电", "预付费"}, .bus = "plc",
        .spread = SPREAD(0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0),
        .metrics = {{"power", SIGNAL_LOAD, 0.5, 2.2, 3}, {"energy", SIGNAL_REGISTER, 0.5, 2.2, 2},
                    {"balance", SIGNAL_BALANCE, 4, 180, 2}, {"switch", SIGNAL_CONSTANT, 1, 1, 0}},
    },
    {
        .name = "lighting-controller", .prefix = "LC", .subsystem = SUBSYSTEM_LIGHTING, .share = 3800,
        .period = 2160, .place = PLACE_CORRIDOR, .profile = PROFILE_INDOOR, .vendor = "明珂照明",
        .models = {"MK-D64", "MK-R12"}, .nouns = {"走廊照明控制器", "公区照明控制器", "应急照明控制器"},
        .tags = {"智能照明", "公共照明"}, .bus = "dali",
        .spread = SPREAD(10, 12, 4, 6, 14, 12, 3, 8, 14, 40, 3),
        .metrics = {{"switch", SIGNAL_SWITCH, 0.08, 0, 0}, {"brightness", SIGNAL_PERCENT, 10, 0, 0},
                    {"power", SIGNAL_LOAD, 0.2, 3.2, 3}, {"energy", SIGNAL_REGISTER, 0.2, 3.2, 2}},
    },
    {
        .name = "temperature", .prefix = "TS", .subsystem = SUBSYSTEM_PATROL, .share = 4200, .period = 3600,
        .place = PLACE_ROOM, .profile = PROFILE_USE, .vendor = "云栈物联", .models = {"YZ-T10", "YZ-T12"},
        .nouns = {"温度传感器"}, .tags = {"环境监测"}, .bus = "lora",
        .spread = SPREAD(10, 8, 12, 4, 10, 6, 6, 12, 7, 0, 20),
        .metrics = {{"temperature", SIGNAL_ROOM, 16, 25, 1}, BATTERY, RSSI},
    },
    {
        .name = "humidity", .prefix = "TH", .subsystem = SUBSYSTEM_PATROL, .share = 3072, .period = 3600,
        .place = PLACE_SHAFT, .profile = PROFILE_USE, .vendor = "云栈物联", .models = {"YZ-TH20", "YZ-TH22"},
        .nouns = {"温湿度传感器"}, .tags = {"环境监测", "机房环境"}, .bus = "lora",
        .spread = SPREAD(10, 8, 12, 4, 14, 6, 6, 8, 6, 1, 20),
        .metrics = {{"temperature", SIGNAL_ROOM, 18, 27, 1}, {"humidity", SIGNAL_HUMIDITY, 28, 62, 0}, BATTERY, RSSI},
    },
    {
        .name = "door", .prefix = "DR", .subsystem = SUBSYSTEM_PATROL, .share = 2000, .period = 3600,
        .place = PLACE_SHAFT, .profile = PROFILE_USE, .vendor = "云栈物联", .models = {"YZ-D05"},
        .nouns = {"门磁"}, .tags = {"智能巡检", "安防"}, .bus = "lora",
        .spread = SPREAD(10, 9, 12, 6, 8, 6, 20, 6, 8, 4, 20),
        .metrics = {{"open", SIGNAL_CONSTANT, 0, 0, 0}, BATTERY, RSSI},
    },
    {
        .name = "leak", .prefix = "WL", .subsystem = SUBSYSTEM_PATROL, .share = 1500, .period = 3600,
        .place = PLACE_PLANT, .profile = PROFILE_STEADY, .vendor = "云栈物联", .models = {"YZ-W03"},
        .nouns = {"水浸传感器"}, .tags = {"智能巡检", "机房环境"}, .bus = "lora",
        .spread = SPREAD(10, 8, 20, 4, 10, 8, 30, 8, 6, 4, 20),
        .metrics = {{"leak", SIGNAL_CONSTANT, 0, 0, 0}, BATTERY, RSSI},
    },
    {
        .name = "pressure", .prefix = "FP", .subsystem = SUBSYSTEM_FIRE, .share = 1900, .period = 1800,
        .place = PLACE_CORRIDOR, .profile = PROFILE_STEADY, .vendor = "安澜消防", .models = {"AL-FP16", "AL-FP10"},
        .nouns = {"消火栓压力传感器", "喷淋末端压力传感器"}, .tags = {"消防水", "安全"}, .bus = "lora",
        .spread = SPREAD(10, 9, 6, 8, 10, 9, 6, 8, 9, 2, 4),
        .metrics = {{"pressure", SIGNAL_PRESSURE, 0.32, 0.58, 3}, BATTERY, RSSI},
    },
    {
        .name = "level", .prefix = "FL", .subsystem = SUBSYSTEM_FIRE, .share = 120, .period = 300,
        .place = PLACE_ROOF, .profile = PROFILE_STEADY, .vendor = "安澜消防", .models = {"AL-L40"},
        .nouns = {"消防水箱液位计", "消防水池液位计"}, .tags = {"消防水", "安全"}, .bus = "modbus",
        .spread = SPREAD(6, 6, 6, 6, 6, 6, 30, 4, 6, 0, 4),
        .metrics = {{"level", SIGNAL_LEVEL, 2.7, 3.1, 2}, {"rssi", SIGNAL_RSSI, -96, -61, 0}},
    },
    {
        .name = "hydrant", .prefix = "HY", .subsystem = SUBSYSTEM_FIRE, .share = 1024, .period = 2160,
        .place = PLACE_CORRIDOR, .profile = PROFILE_STEADY, .vendor = "安澜消防", .models = {"AL-HY2"},
        .nouns = {"室外消火栓监测终端", "消防水泵接合器监测终端"}, .tags = {"消防水", "安全"}, .bus = "lora",
        .spread = SPREAD(2, 2, 2, 2, 2, 2, 4, 2, 2, 60, 2),
        .metrics = {{"pressure", SIGNAL_PRESSURE, 0.24, 0.42, 3}, {"temperature", SIGNAL_OUTSIDE, 1, 0, 1},
                    BATTERY, RSSI},
    },
    {
        .name = "smoke", .prefix = "SD", .subsystem = SUBSYSTEM_PATROL, .share = 8000, .period = 7200,
        .place = PLACE_ROOM, .profile = PROFILE_STEADY, .vendor = "安澜消防", .models = {"AL-S1N", "AL-S2L"},
        .nouns = {"烟感"}, .tags = {"安全", "智能巡检"}, .bus = "lora",
        .spread = SPREAD(10, 10, 4, 12, 12, 6, 2, 8, 9, 3, 6),
        .metrics = {{"smoke", SIGNAL_CONSTANT, 0, 0, 0}, {"temperature", SIGNAL_ROOM, 17, 25, 1}, BATTERY, RSSI},
    },
    {
        .name = "socket", .prefix = "SK", .subsystem = SUBSYSTEM_ENERGY, .share = 2500, .period = 3600,
        .place = PLACE_ROOM, .profile = PROFILE_USE, .vendor = "明珂照明", .models = {"MK-S16", "MK-S10"},
        .nouns = {"智能插座", "饮水机插座", "打印机插座"}, .tags = {"用能计量", "节能控制"}, .bus = "plc",
        .spread = SPREAD(10, 12, 2, 0, 8, 4, 0, 4, 8, 0, 1),
        .metrics = {{"switch", SIGNAL_SWITCH, 0.02, 0, 0}, {"voltage", SIGNAL_VOLTAGE, 214, 231, 1},
                    {"power", SIGNAL_LOAD, 0.05, 1.8, 3}, {"energy", SIGNAL_REGISTER, 0.05, 1.8, 2}},
    },
    {
        .name = "sensing", .prefix = "SE", .subsystem = SUBSYSTEM_ENERGY, .share = 48, .period = 60,
        .place = PLACE_CORRIDOR, .profile = PROFILE_USE, .vendor = "云栈物联", .models = {"YZ-E7"},
        .nouns = {"综合感知终端"}, .tags = {"能源态势", "环境感知"}, .bus = "modbus",
        .spread = SPREAD(4, 4, 6, 1, 4, 4, 4, 4, 4, 20, 4),
        .metrics = {{"temperature", SIGNAL_ROOM, 17, 25, 1}, {"humidity", SIGNAL_HUMIDITY, 28, 58, 0},
                    {"co2", SIGNAL_CROWD, 410, 980, 0}, {"pm25", SIGNAL_CROWD, 18, 64, 0},
                    {"illuminance", SIGNAL_DAYLIGHT, 40, 900, 0}},
    },
    {
        .name = "solar-inverter", .prefix = "PV", .subsystem = SUBSYSTEM_ENERGY, .share = 60, .period = 300,
        .place = PLACE_ROOF, .profile = PROFILE_SOLAR, .vendor = "启能电气", .models = {"QN-PV50", "QN-PV100"},
        .nouns = {"光伏逆变器"}, .tags = {"能源态势", "光伏"}, .bus = "modbus",
        .spread = SPREAD(6, 4, 6, 1, 4, 8, 0, 4, 4, 0, 0),
        .metrics = {{"power", SIGNAL_LOAD, 30, 100, 2}, {"energy", SIGNAL_REGISTER, 30, 100, 1},
                    {"voltage", SIGNAL_VOLTAGE, 380, 400, 1}, {"temperature", SIGNAL_PLANT, 14, 55, 1}},
    },
};
const size_t catalogue_class_count = sizeof catalogue_classes / sizeof *catalogue_classes;

const struct gateway_model catalogue_gateways[] = {
    {"EG-201", "云栈物联", 46}, {"EG-203L", "云栈物联", 24}, {"NX-8110", "讯枢网络", 18}, {"NX-8120", "讯枢网络", 12},
};
const size_t catalogue_gateway_count = sizeof catalogue_gateways / sizeof *catalogue_gateways;

enum profile profile_of_use(enum use use)
{
    static const enum profile by_use[USE_COUNT] = {
        [USE_RESEARCH] = PROFILE_OFFICE, [USE_OFFICE] = PROFILE_OFFICE, [USE_ENERGY] = PROFILE_PLANT,
        [USE_APARTMENT] = PROFILE_APARTMENT, [USE_LIBRARY] = PROFILE_OFFICE, [USE_SPORT] = PROFILE_APARTMENT,
        [USE_PUMP] = PROFILE_WATER, [USE_CANTEEN] = PROFILE_CANTEEN, [USE_TEACHING] = PROFILE_OFFICE,
        [USE_OUTDOOR] = PROFILE_ROAD, [USE_SUBSTATION] = PROFILE_OFFICE,
    };
    return by_use[use];
}
