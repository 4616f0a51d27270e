#!/usr/bin/env bash
# 退回上一个版本：sudo rollback.sh。升级时数据库改过的，要先恢复升级前的备份，再运行 rollback.sh --restored。
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[ -e "$here/lib.sh" ] || here=$here/app/deploy
# shellcheck source=lib.sh
. "$here/lib.sh"

need_root
now=$(current_release)
[ -n "$now" ] && [ -s "$now/previous" ] || stop "没有上一个版本可退。"
old=$(cat "$now/previous")
[ -e "$old/installed" ] || stop "上一个版本 $old 已经不在了。"
if [ -e "$now/changed-database" ] && [ "${1:-}" != --restored ]; then
    stop "升级时数据库改过，旧版用不了现在的数据库。请先停网站、恢复升级前的备份（见 docs/运维/备份与审计.md），再运行 $0 --restored；升级以后填的内容会没有。"
fi
stop_site
switch_to "$old"
release=$old
place_units
start_site || stop "旧版没有起来，原因见上面。"
say "已退回 $(basename "$old")。"
