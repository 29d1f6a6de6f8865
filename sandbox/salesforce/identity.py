"""Who a token is of, and the door that is shut: SOAP's login(), which new orgs have switched off."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.salesforce.errors import Refused
from sandbox.salesforce.org import Org
from sandbox.salesforce.people import ORGANIZATION_ID
from sandbox.salesforce.replies import json_reply, refusal_reply
from sandbox.salesforce.sessions import Sessions

_FAULT = """<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:sf="urn:fault.partner.soap.sforce.com">
<soapenv:Body><soapenv:Fault><faultcode>sf:INVALID_OPERATION</faultcode>
<faultstring>INVALID_OPERATION: SOAP API login() is disabled by default in this org.</faultstring>
<detail><sf:UnexpectedErrorFault><sf:exceptionCode>INVALID_OPERATION</sf:exceptionCode>
<sf:exceptionMessage>SOAP API login() is disabled by default in this org.</sf:exceptionMessage>
</sf:UnexpectedErrorFault></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>"""


class Identity:
    """GET /services/oauth2/userinfo and /id/{organization}/{user}, for the user who asks."""

    def __init__(self, org: Org, sessions: Sessions) -> None:
        self.org = org
        self.sessions = sessions
        self.routes = [
            Route("/services/oauth2/userinfo", self.told),
            Route("/id/{organization}/{user}", self.told),
            Route("/services/Soap/{kind}/{version}", no_soap_login, methods=["POST"]),
        ]

    async def told(self, request: Request) -> Response:
        try:
            user_id = self.sessions.user(request.headers.get("authorization", ""))
        except Refused as refused:
            return refusal_reply(refused)
        user = self.org.tables["User"].rows[user_id]
        origin = f"{request.url.scheme}://{request.url.netloc}"
        return json_reply(
            {
                "sub": f"{origin}/id/{ORGANIZATION_ID}/{user_id}",
                "id": f"{origin}/id/{ORGANIZATION_ID}/{user_id}",
                "user_id": user_id,
                "organization_id": ORGANIZATION_ID,
                "preferred_username": user["Username"],
                "username": user["Username"],
                "name": user["Name"],
                "display_name": user["Name"],
                "email": user["Email"],
                "user_type": "STANDARD",
                "active": True,
                "urls": {"rest": origin + "/services/data/v{version}/"},
            }
        )


async def no_soap_login(request: Request) -> Response:
    """The fault that SOAP's login() gives in an org made lately."""
    return Response(_FAULT, 500, media_type="text/xml")
