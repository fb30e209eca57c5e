"""What `make up` prints once the service answers: the addresses, and who signs in where."""

from pathlib import Path

_PAGES = (
    ("/", "企业首页；扫码提交示例 /q/DEMO-CAPITAL/"),
    ("/login/", "工作人员登录"),
    ("/desk/", "办件台（经办、科长、研判员）"),
    ("/board/", "看板（督办、领导）"),
    ("/api/docs/", "接口文档"),
)
_ACCOUNTS = (
    ("officer.finance", "金融办经办，其他部门为 officer.<部门代码>，如 officer.land"),
    ("head.finance", "金融办科长，其他部门为 head.<部门代码>"),
    ("dispatcher", "研判员：交办疑难件"),
    ("intake", "登记员：代企业登记"),
    ("director supervisor leader", "主任、督办员、领导：看板"),
    ("auditor", "审计员：/audit/"),
    ("sysadmin secadmin", "系统管理员、安全管理员：/admin/"),
)


def text(address: str, password: Path | None, *, first: bool) -> str:
    """The lines. `password`: the file of the demo accounts' password, or None without a demo organisation.

    The password itself is shown on the first start only.
    """
    lines = [f"已就绪 ready: {address}/", *(f"  {address}{path}  {what}" for path, what in _PAGES)]
    if password:
        known = password.read_text(encoding="ascii") if first else f"见 see {password}"
        lines += ["演示账号（虚构，勿用于生产）demo accounts, one password for all:"]
        lines += [f"  {name}  {what}" for name, what in _ACCOUNTS]
        lines += [f"  口令 password: {known}"]
    return "\n".join(lines)
