"""Tokens that the reference made: AP2's own vectors `ap2-delegate-sd-jwt/v1` (Apache-2.0).

From google-agentic-commerce/AP2, code/sdk/python/ap2/tests/delegate_sd_jwt_vectors.
"""

from __future__ import annotations

USER_ROOT = {
    "crv": "P-256",
    "kid": "user-root",
    "kty": "EC",
    "x": "toGTbmS_yILsQsNraZfhLjTy1yoGHd-NmHJ1FrV5OWs",
    "y": "PiXfjVFtax7OIBhrFwgFV4esW8PAwQBnZhS_h-ZfwCk",
}

SINGLE_HOP = (
    "eyJhbGciOiAiRVMyNTYiLCAidHlwIjogImV4YW1wbGUrc2Qtand0IiwgImtpZCI6ICJ1c2VyLXJvb3QifQ.eyJkZW"
    "xlZ2F0ZV9wYXlsb2FkIjogW3siLi4uIjogIm5UUWN2dzBFTklGS3JhdUFUT2ROQTUxdktLVEtjRndnc21UWG5EbDZ"
    "QNncifV0sICJfc2RfYWxnIjogInNoYS0yNTYifQ.cHaOnaymkftP9OlOGEDlxC56PCYIu7CrVxSiRxQnh24R3fjYi"
    "QKBntC3_1cxMyBR2VR8IIsXNtfTo96yAcP7Dg~WyJCN09hQ1QtSUpXa3dEdlpUMHVQOVNnIiwgInBheW1lbnRfYW1"
    "vdW50IiwgeyJhbW91bnQiOiAyNTAwLCAiY3VycmVuY3kiOiAiVVNEIn1d~WyJNclNuTVJzY3JZcDl0REVXRVc1OTh"
    "nIiwgeyJfc2QiOiBbIktHTFlKU3AtWHZPUVNUUXVBWTFzaXNqejNNYTAtTm5kTXY4aHpMT1duTkEiLCAiT0I5a0Z"
    "adURVWGx2c09HMTViSGdmOV9WUVpOdVJZR2pQWTk4aG12LXVqbyJdLCAidmN0IjogIm1hbmRhdGUucGF5bWVudC5vc"
    "GVuLjEiLCAiY29uc3RyYWludHMiOiBbXSwgImNuZiI6IHsiandrIjogeyJjcnYiOiAiUC0yNTYiLCAia2lkIjogImF"
    "nZW50LXNhIiwgImt0eSI6ICJFQyIsICJ4IjogImJZU0xMVm11MjI5bHVna1M2dnpzVDdyVkdNSkxsR0E3cjVxYU80M"
    "WRaeG8iLCAieSI6ICJHVFdndXFsem9Md0d5dmZkcVZYTGFrTjNaWVFvNjNJQ0F4dTBvWVJ5Y2tVIn19fV0~~eyJhbG"
    "ciOiAiRVMyNTYiLCAidHlwIjogImtiK3NkLWp3dCIsICJraWQiOiAiYWdlbnQtc2EifQ.eyJkZWxlZ2F0ZV9wYXlsb"
    "2FkIjogW3siLi4uIjogIjR6X3dqWWIxcVFMLWdBYXhsamJia1oxbThHZWhOQlp0TDZVa2RRNVdaQ0kifV0sICJpYXQ"
    "iOiAxNzg1MjY4NjAyLCAiYXVkIjogIm1lcmNoYW50IiwgIm5vbmNlIjogIm1lcmNoYW50LW5vbmNlLXNpbmdsZSIsI"
    "CJzZF9oYXNoIjogIkp5dVBvRnNtQkpGS244UXVyTTRWMEVTNVZRbDZUNkVfcmVzdnhLR3NSM3MiLCAiX3NkX2FsZyI"
    "6ICJzaGEtMjU2In0.40aQWQKjx6I_OL1qLDwS2j1HVDCUGclAW9nyWA5NyOSde9sWXchMb4t5RR8RHAk6vAzzXR4dv"
    "03ZCZFrnaj6Gw~WyJla01UOHhUYWd1OUN3MS1MSTM0SXpRIiwgeyJ2Y3QiOiAibWFuZGF0ZS5wYXltZW50LjEiLCAi"
    "dHJhbnNhY3Rpb25faWQiOiAidHhfc2luZ2xlX2hvcCIsICJwYXllZSI6IHsiaWQiOiAibS0xIiwgIm5hbWUiOiAiQW"
    "NtZSBTdG9yZSJ9LCAicGF5bWVudF9hbW91bnQiOiB7ImFtb3VudCI6IDI1MDAsICJjdXJyZW5jeSI6ICJVU0QifSwg"
    "InBheW1lbnRfaW5zdHJ1bWVudCI6IHsiaWQiOiAicGktMSIsICJ0eXBlIjogImNyZWRpdCJ9fV0~"
)
"""An open payment mandate that discloses its amount and not its payee, and the closed one."""
