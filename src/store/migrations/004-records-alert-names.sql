-- What the daemon's own detectors find has English names, as all that it says; whoever shows one says it in the reader's
-- language. Before, they were Chinese everywhere.
UPDATE alert SET name = CASE name
    WHEN '网关离线' THEN 'gateway offline' WHEN '网关检查失败' THEN 'gateway check failed' WHEN '网关故障' THEN 'gateway fault'
    WHEN '监控无数据' THEN 'monitoring silent' WHEN '服务异常' THEN 'service check failed' WHEN '主机故障' THEN 'host fault'
    WHEN '宕机' THEN CASE rule WHEN 'host-down' THEN 'host down' ELSE 'terminal down' END
    WHEN '通讯异常' THEN 'comm silent' WHEN '断网' THEN 'network cut' WHEN '读取异常' THEN 'read error'
    WHEN '网关下终端成片失联' THEN 'gateway terminals lost' WHEN '楼宇终端成片失联' THEN 'building terminals lost'
    WHEN '网段终端成片失联' THEN 'network terminals lost' WHEN '楼宇网关成片失联' THEN 'building gateways lost'
    WHEN '网段网关成片失联' THEN 'network gateways lost'
    WHEN '意外监听端口' THEN 'unexpected port open' WHEN '端口未监听' THEN 'port not listening'
    WHEN '服务未运行' THEN 'unit not running' WHEN '服务失败' THEN 'unit failed' WHEN '违规外联' THEN 'forbidden connection out'
    WHEN '应用不可用' THEN 'application down' WHEN '应用降级' THEN 'application degraded'
    WHEN '应用自动恢复' THEN 'application restarted' WHEN '应用自动恢复失败' THEN 'application recovery failed'
    ELSE name END
WHERE source IN ('health', 'storm', 'host', 'application');
UPDATE alert SET name = replace(name, ' 冗余失效', ': redundancy lost') WHERE source = 'redundancy';
UPDATE alert SET name = replace(replace(name, '通知渠道 ', 'channel '), ' 无法送达', ' cannot deliver') WHERE source = 'notify';
