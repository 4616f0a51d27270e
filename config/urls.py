from django.urls import include, path

urlpatterns = [
    path("", include("units.urls")),
    path("", include("evaluations.urls")),
]
