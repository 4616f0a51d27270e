#!/usr/bin/env bash
# 升级：在解开的新安装包里运行 sudo ./upgrade.sh。先备份；备份不成不升级。原来的版本留着，可以 rollback.sh。
bundle=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[ -e "$bundle/lib.sh" ] || bundle=$bundle/app/deploy
# shellcheck source=lib.sh
. "$bundle/lib.sh"
bundle=$(cd "$bundle/../.." && pwd)

need_root
check_bundle
old=$(current_release)
[ -n "$old" ] || stop "这台机器还没有装过。第一次安装请运行 install.sh。"
if [ "$(basename "$old")" = "$version" ]; then
    say "已经是 $version，不用升级。"
    exit 0
fi

place_release
changes=$(migrate "$release" --plan) || stop "连不上数据库，没有升级。"
say "备份现在的数据（$(basename "$old")）"
stop_site
back_to_old() {
    say "没有升级，回到 $(basename "$old")"
    start_site || true
    exit 1
}
manage "$old" backup --to "$backups" || back_to_old
echo "$old" >"$release/previous"
if grep -q 'No planned migration' <<<"$changes"; then
    rm -f "$release/changed-database"
else
    touch "$release/changed-database"
    say "升级数据库"
    migrate "$release" --verbosity 0 || {
        say "数据库没有升级成。停在半路的先恢复刚才的备份：jixiao-manage restore（见 docs/运维/备份与审计.md）。"
        back_to_old
    }
fi
manage "$release" check --deploy --database default --fail-level ERROR >/dev/null || {
    say "新版本认为设置不安全，原因见上面。改好 $etc/env 后再升级。"
    if [ -e "$release/changed-database" ]; then say "数据库已升级；要回到旧版，先恢复备份，再运行 rollback.sh --restored。"; fi
    back_to_old
}
switch_to "$release"
place_units
host=$(sed -n 's/^DJANGO_ALLOWED_HOSTS=\([^,]*\).*/\1/p' "$etc/env")
place_nginx "$host"
start_site || stop "新版本没有起来。看上面的原因；要回到旧版：$release/app/deploy/rollback.sh"
# 留最近三个版本
find "$opt/releases" -mindepth 1 -maxdepth 1 -type d -printf '%T@ %p\n' | sort -rn | tail -n +4 | cut -d' ' -f2- |
    while IFS= read -r folder; do
        case $folder in "$release" | "$old") ;; *) rm -rf "$folder" ;; esac
    done
say "升级到 $version 了。"
