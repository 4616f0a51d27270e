from django.urls import include, path

urlpatterns = [
    path("", include("units.urls")),
    path("", include("evaluations.urls")),
]

handler400 = "units.errors.bad_request"
handler403 = "units.errors.forbidden"
handler404 = "units.errors.not_found"
handler500 = "units.errors.server_error"
