"""How Salesforce words its failures, for the sandbox's faults."""

from sandbox.standin import FaultReply, Rows

FAULTS = {
    "rate_limit": FaultReply(
        403,
        [
            {
                "message": "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
                "errorCode": "REQUEST_LIMIT_EXCEEDED",
            }
        ],
        content_type="application/json;charset=UTF-8",
    ),
    "server_error": FaultReply(
        503,
        [{"message": "Server is busy. Please try again later.", "errorCode": "SERVER_UNAVAILABLE"}],
        content_type="application/json;charset=UTF-8",
    ),
    "expired_token": FaultReply(
        401,
        [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}],
        {"WWW-Authenticate": "Token"},
        content_type="application/json;charset=UTF-8",
    ),
}
ROWS = (Rows(r"/v\d\d\.0/query", "records", id_key="Id"),)
READS = (r"/oauth2/", r"/composite/sobjects/\w+/?$", r"/jobs/query")
