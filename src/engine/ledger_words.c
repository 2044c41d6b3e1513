/* The words that Chinese ledgers use for our columns and kinds, so that a table kept for years can be read as it is. */
#include <string.h>

#include "base/memory.h"
#include "engine/ledger_private.h"

static const struct { const char *word; enum asset_field field; } columns[] = {
    {"编号", ASSET_id}, {"设备编号", ASSET_id}, {"设备编码", ASSET_id}, {"设备ID", ASSET_id},
    {"名称", ASSET_name}, {"设备名称", ASSET_name},
    {"类型", ASSET_kind}, {"设备类型", ASSET_kind},
    {"类别", ASSET_class_}, {"设备类别", ASSET_class_},
    {"上级", ASSET_parent}, {"上级设备", ASSET_parent}, {"所属网关", ASSET_parent},
    {"业务系统", ASSET_subsystem}, {"所属系统", ASSET_subsystem}, {"子系统", ASSET_subsystem},
    {"园区", ASSET_site}, {"校区", ASSET_site}, {"站点", ASSET_site},
    {"楼宇", ASSET_building}, {"建筑", ASSET_building}, {"楼栋", ASSET_building},
    {"楼层", ASSET_floor}, {"房间", ASSET_room}, {"房间号", ASSET_room},
    {"型号", ASSET_model}, {"设备型号", ASSET_model}, {"规格型号", ASSET_model},
    {"厂家", ASSET_vendor}, {"厂商", ASSET_vendor}, {"生产厂家", ASSET_vendor}, {"品牌", ASSET_vendor},
    {"序列号", ASSET_serial}, {"出厂编号", ASSET_serial},
    {"资产编号", ASSET_asset_tag}, {"资产编码", ASSET_asset_tag}, {"资产标签", ASSET_asset_tag},
    {"责任单位", ASSET_unit}, {"责任部门", ASSET_unit}, {"管理单位", ASSET_unit},
    {"标签", ASSET_tags}, {"应用场景", ASSET_tags},
    {"地址", ASSET_address}, {"IP", ASSET_address}, {"IP地址", ASSET_address}, {"通讯地址", ASSET_address},
    {"周期", ASSET_period}, {"上报周期", ASSET_period}, {"采集周期", ASSET_period},
    {"状态", ASSET_status}, {"资产状态", ASSET_status},
    {"合同", ASSET_contract}, {"所属合同", ASSET_contract},
};

static const struct { const char *word, *kind; } kinds[] = {
    {"网关", "gateway"}, {"物联网关", "gateway"}, {"接入网关", "gateway"},
    {"终端", "terminal"}, {"物联终端", "terminal"}, {"传感器", "sensor"},
    {"服务器", "server"}, {"应用", "application"}, {"应用系统", "application"}, {"数据库", "database"},
    {"链路", "link"}, {"摄像机", "camera"}, {"摄像头", "camera"}, {"不间断电源", "ups"}, {"空调", "aircon"},
    {"电话", "phone"}, {"语音网关", "voice-gateway"}, {"显示屏", "display"}, {"大屏", "display"}, {"站点", "station"},
};

bool ledger_column(const char *name, enum asset_field *field)
{
    for (size_t i = 0; i < ARRAY_COUNT(columns); i++)
        if (strcmp(columns[i].word, name) == 0) {
            *field = columns[i].field;
            return true;
        }
    return asset_field_parse(name, field);
}

const char *ledger_kind(const char *text)
{
    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++)
        if (strcmp(kinds[i].word, text) == 0)
            return kinds[i].kind;
    return text;
}
