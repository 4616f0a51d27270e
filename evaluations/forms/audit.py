"""查审计记录的表单。"""

from __future__ import annotations

from django import forms

from evaluations.trail import Asked


class AuditForm(forms.Form):
    who = forms.CharField(label="谁", max_length=60, required=False)
    unit = forms.CharField(label="单位", max_length=60, required=False)
    what = forms.CharField(label="做了什么", max_length=60, required=False)
    words = forms.CharField(label="理由或内容里的字", max_length=60, required=False)
    since = forms.DateField(label="从", required=False)
    until = forms.DateField(label="到", required=False)
    submission = forms.UUIDField(required=False)

    def asked(self) -> Asked:
        """读得懂的几项；读不懂的当作没有填，错误写在旁边。"""
        self.full_clean()
        return Asked(**self.cleaned_data)
