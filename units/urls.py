from django.urls import path

from . import account, views

app_name = "units"

urlpatterns = [
    path("login/", views.login, name="login"),
    path("login/code/", views.second_step, name="second_step"),
    path("sso/", views.sso, name="sso"),
    path("logout/", views.logout, name="logout"),
    path("account/", account.account, name="account"),
    path("account/totp/", account.totp, name="totp"),
    path("password/", account.password, name="password"),
    path("password/done/", account.password_done, name="password_done"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
]
