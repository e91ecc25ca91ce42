"""An HTTP API of AWS API Gateway with a JWT authorizer, as a CloudFormation template. It judges issuer, audience, times and scopes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from app.gateway.exports import native
from app.gateway.exports.aws_gaps import is_header, mapped, tell
from app.gateway.exports.aws_routes import Told, told
from app.gateway.exports.case import PASSED_ON, Case, NotKnown, answering
from app.gateway.exports.export import Answer, Export, File, Gateway
from app.gateway.exports.native import Gaps
from app.gateway.exports.patterns import never_passed_on
from app.gateway.policy import Policy, Source
from app.gateway.request import Header
from app.tokens import ALGORITHMS

_NAME = re.compile(r"[A-Za-z0-9._-]+")


def export(policy: Policy) -> Export:
    gaps = Gaps()
    routes = told(policy)
    tell(gaps, policy, routes, _issuer(policy), _source(policy))
    document = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "An HTTP API that judges JSON Web Tokens before it passes requests on",
        "Parameters": _parameters(policy),
        "Resources": _resources(policy, routes),
        "Outputs": {"Address": {"Value": {"Fn::GetAtt": ["Api", "ApiEndpoint"]}}},
    }
    notes = (
        "ApiAddress is where your API is: let it take requests from this gateway alone, for the integration goes over the internet.",
        "Check it with: cfn-lint template.yaml; create it with: aws cloudformation deploy --template-file template.yaml --stack-name NAME",
    )
    return Export((File("template.yaml", "yaml", native.to_yaml(document)),), gaps.all(), notes)


def _issuer(policy: Policy) -> int | None:
    """Which issuer the authorizer is for: the first with an https address. A route can ask for one authorizer only."""
    usable = (number for number, issuer in enumerate(policy.issuers) if _address(issuer.names) and _is_rsa(policy, number))
    return next(usable, None)


def _address(names: tuple[str, ...]) -> str:
    return next((name for name in names if re.fullmatch(r"https://[!-~]+", name)), "")


def _is_rsa(policy: Policy, number: int) -> bool:
    return any(ALGORITHMS[name].family == "rsa" for name in native.algorithms(policy.issuers[number]))


def _source(policy: Policy) -> int | None:
    """Which place of a token can be told, the first one."""
    return next((number for number, source in enumerate(policy.sources) if _identity(source)), None)


def _identity(source: Source) -> str:
    if not _NAME.fullmatch(source.name):
        return ""
    if source.place == "header" and source.scheme.lower() in ("", "bearer"):
        return f"$request.header.{source.name}"
    return f"$request.querystring.{source.name}" if source.place == "query" else ""


def _parameters(policy: Policy) -> dict[str, Any]:
    made: dict[str, Any] = {
        "ApiAddress": {"Type": "String", "AllowedPattern": "https?://[^?#]+", "Description": "The address of the API behind the gateway"}
    }
    number = _issuer(policy)
    if number is not None and not _audiences(policy, number) and _source(policy) is not None:
        made["Audience"] = {"Type": "CommaDelimitedList", "Description": "The audiences of tokens that are taken; AWS asks for one"}
    return made


def _audiences(policy: Policy, number: int) -> list[str]:
    return [one for one in policy.issuers[number].audiences if native.is_text(one)]


def _resources(policy: Policy, routes: list[Told]) -> dict[str, Any]:
    api = {"Ref": "Api"}
    resources: dict[str, Any] = {
        "Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "jwtlens", "ProtocolType": "HTTP"}},
        "Stage": {"Type": "AWS::ApiGatewayV2::Stage", "Properties": {"ApiId": api, "StageName": "$default", "AutoDeploy": True}},
    }
    authorizer = _authorizer(policy)
    if authorizer:
        resources["Authorizer"] = authorizer
    kinds = {"open": _without_claims(policy), "judged": _with_claims(policy)}
    for kind in dict.fromkeys("judged" if _is_judged(one, authorizer) else "open" for one in routes):
        resources[f"Integration{kind.capitalize()}"] = _integration(kinds[kind])
    for number, one in enumerate(routes, 1):
        resources[f"Route{number}"] = {"Type": "AWS::ApiGatewayV2::Route", "Properties": _route(one, authorizer)}
    return resources


def _authorizer(policy: Policy) -> dict[str, Any] | None:
    number, place = _issuer(policy), _source(policy)
    if number is None or place is None:
        return None
    audience: Any = _audiences(policy, number) or ({"Ref": "Audience"} if not policy.issuers[number].audiences else None)
    if audience is None:
        return None
    properties = {
        "ApiId": {"Ref": "Api"},
        "Name": "tokens",
        "AuthorizerType": "JWT",
        "IdentitySource": [_identity(policy.sources[place])],
        "JwtConfiguration": {"Issuer": _address(policy.issuers[number].names), "Audience": audience},
    }
    return {"Type": "AWS::ApiGatewayV2::Authorizer", "Properties": properties}


def _is_judged(one: Told, authorizer: object) -> bool:
    return one.access == "jwt" and authorizer is not None


def _route(one: Told, authorizer: object) -> dict[str, Any]:
    kind = "Judged" if _is_judged(one, authorizer) else "Open"
    made: dict[str, Any] = {
        "ApiId": {"Ref": "Api"},
        "RouteKey": one.key,
        "Target": {"Fn::Join": ["/", ["integrations", {"Ref": f"Integration{kind}"}]]},
    }
    if one.access == "open":
        return made | {"AuthorizationType": "NONE"}
    if kind == "Open":
        # Closed: a token is no signature of AWS, so nobody comes in with one.
        return made | {"AuthorizationType": "AWS_IAM"}
    made |= {"AuthorizationType": "JWT", "AuthorizerId": {"Ref": "Authorizer"}}
    return made | ({"AuthorizationScopes": list(one.scopes)} if one.scopes else {})


def _integration(parameters: dict[str, str]) -> dict[str, Any]:
    properties = {
        "ApiId": {"Ref": "Api"},
        "IntegrationType": "HTTP_PROXY",
        "IntegrationMethod": "ANY",
        "IntegrationUri": {"Ref": "ApiAddress"},
        "PayloadFormatVersion": "1.0",
        "RequestParameters": {"overwrite:path": "$request.path"} | parameters,
    }
    return {"Type": "AWS::ApiGatewayV2::Integration", "Properties": properties}


def _without_claims(policy: Policy) -> dict[str, str]:
    return {f"remove:header.{name}": "''" for name in never_passed_on(policy) if is_header(name)}


def _with_claims(policy: Policy) -> dict[str, str]:
    overwritten = dict(_overwritten(policy))
    names = [name for name in never_passed_on(policy) if is_header(name) and name not in overwritten]
    return {f"overwrite:header.{name}": value for name, value in overwritten.items()} | {f"remove:header.{name}": "''" for name in names}


def _overwritten(policy: Policy) -> Iterator[tuple[str, str]]:
    for name, path in policy.upstream:
        if mapped(name, path):
            yield name, f"$context.authorizer.claims.{path[0]}"


def _answer(policy: Policy, case: Case) -> Answer:
    """What the documentation of AWS shows; the reasons in www-authenticate are known only for the audience."""
    if case.route is None:
        return Answer(404, (), '{"message":"Not Found"}', "No route key takes the request.")
    if case.route.access == "anyone":
        return Answer(PASSED_ON, because="The route asks for no authorization.")
    is_closed = any(one.access == "closed" for one in told(policy) if one.number == policy.routes.index(case.route))
    if is_closed or len(policy.sources) > 1 or not _authorizer(policy) or len(policy.issuers) > 1:
        raise NotKnown
    if not case.found:
        return _unauthorized("there is no token. What its header www-authenticate says is not known.")
    return _judged(policy, case)


def _judged(policy: Policy, case: Case) -> Answer:
    if not case.text or case.failed("form") or case.failed("header") or case.at_exp or case.in_leeway:
        raise NotKnown
    if case.failed("signature") or case.failed("exp") or case.failed("nbf") or case.failed("iss"):
        return _unauthorized("it does not take the token; its header www-authenticate names the reason, in words that are not known.")
    if not case.passed("signature") or not case.passed("exp") or ALGORITHMS[str(case.header.get("alg"))].family != "rsa":
        raise NotKnown
    if case.failed("aud"):
        value = 'Bearer scope="" error="invalid_token" error_description="the token does not have a valid audience"'
        return _unauthorized("aud is none of those of the authorizer.", Header("www-authenticate", value))
    if case.failed("scopes") or case.failed("iat") or not policy.issuers[0].audiences:
        raise NotKnown
    return Answer(
        PASSED_ON, because="The authorizer takes the token, if the issuer publishes its key; it judges no typ, no life and no role."
    )


def _unauthorized(because: str, *headers: Header) -> Answer:
    return Answer(401, headers, '{"message":"Unauthorized"}', f"The JWT authorizer: {because}")


GATEWAY = Gateway("aws", "AWS API Gateway (HTTP API)", asks=False, export=export, answer=answering(_answer))
