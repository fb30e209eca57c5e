#!/bin/sh
# Finds a Chromium for the browser tests, installing it where that needs nobody's leave; prints its path.
set -eu
say() { printf 'qihu: %s\n' "$*" >&2; }
find_it() {
    for candidate in ${CHROMIUM:+"$CHROMIUM"} chromium chromium-browser google-chrome; do
        if path=$(command -v "$candidate"); then printf '%s\n' "$path" && return 0; fi
    done
    return 1
}
chinese() { ! command -v fc-list >/dev/null || [ -n "$(fc-list :lang=zh | head -n 1)" ]; }

if find_it >/dev/null && chinese; then
    find_it
elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "正在安装浏览器与中文字体 installing chromium and fonts-noto-cjk for the browser tests"
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
        chromium fonts-noto-cjk; } >&2 </dev/null || say "apt-get 失败 failed"
    find_it || { say "浏览器测试缺少 Chromium: the browser tests need chromium; set CHROMIUM=/path/to/it" && exit 1; }
elif find_it; then
    say "缺少中文字体，截图会是方框 no Chinese font (package fonts-noto-cjk): screenshots will show boxes"
else
    say "浏览器测试缺少 the browser tests need the packages chromium and fonts-noto-cjk, or CHROMIUM=/path/to/chromium"
    exit 1
fi
