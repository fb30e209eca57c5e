"""Staff sign-in (guesses are slowed and locked by django-axes) and the large-type switch."""

from __future__ import annotations

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from qihu.accounts.models import Role, User

_YEAR = 365 * 86400


class SignInForm(AuthenticationForm):
    """User name and password, with messages in plain Chinese."""

    error_messages = {
        "invalid_login": "账号或密码不对，请重新输入。",
        "inactive": "这个账号已停用，请联系系统管理员。",
    }


class SignIn(LoginView):
    """Signs staff in and takes them to the page they work on."""

    template_name = "signin/login.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_default_redirect_url(self) -> str:
        """Leaders start at the board, auditors at the trail, administrators in the back office, others at the desk."""
        user = self.request.user
        roles = user.roles() if isinstance(user, User) else frozenset()
        if roles and roles <= {Role.LEADER}:
            return "/board/"
        if roles and roles <= {Role.AUDITOR}:
            return "/audit/"
        return "/admin/" if roles and roles <= {Role.SYSADMIN, Role.SECADMIN} else "/desk/"


@require_POST
def big(request: HttpRequest) -> HttpResponse:
    """Turn large type on or off; back to where the reader was."""
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = "/"
    response = HttpResponseRedirect(back)
    on = request.POST.get("big") == "1"
    response.set_cookie("big", "1" if on else "0", max_age=_YEAR, httponly=True, samesite="Lax")
    return response
