"""Finds text that talks to the voters instead of about the purchase: eleven families."""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Callable
from typing import Final


def scan(text: str) -> tuple[str, ...]:
    """The names of the families found in `text`, in the order of `FAMILIES`.

    Reads the text as a person or a model would: NFKC, without invisible characters and accents,
    look-alike letters folded, spelled-out l e t t e r s joined. Takes time linear in its length.
    """
    hidden = _hidden_text(text)
    shown = unicodedata.normalize("NFKC", _visible(text))
    folded = f"{_folded(shown)} {_folded(hidden)}"
    joined = _joined(folded)
    found = []
    for name, pattern in FAMILIES.items():
        special = SPECIAL.get(name)
        if (
            pattern.search(folded)
            or (joined and (pattern.search(joined) or _crushed(name, joined)))
            or (special is not None and special(text))
        ):
            found.append(name)
    return tuple(found)


def _pattern(*alternatives: str) -> re.Pattern[str]:
    # `_` in a pattern stands for what may separate two words. Every repetition is bounded and
    # no two neighbours match the same character, so matching takes time linear in the text.
    joined = "|".join(f"(?:{alternative})" for alternative in alternatives)
    return re.compile(joined.replace("_", r"(?:\W{1,6})"), re.IGNORECASE)


_UNLESS_TOLD_NOT = r"(?<!never )(?<!not )(?<!n't )(?<!cannot )"
_EACH = r"(?:all|any|your|our|my|these|those|every|each)"
_WHICH = rf"(?:{_EACH}_|the_|of_|and_){{0,4}}"
_BEFORE = r"(?:previous|prior|above|earlier|preceding|existing|original|former|past|foregoing)"
_PAST = rf"(?:{_BEFORE}(?:_(?:and|or)_{_BEFORE})?)"
_RULES = (
    r"(?:instructions?|rules|prompts?|directions?|directives?|guidelines|guardrails"
    r"|safeguards|polic(?:y|ies)|constraints|restrictions)"
)
_PERSON = (
    r"(?:owner|ceo|cfo|cto|administrator|admin|superuser|treasurer|regulator|security_team"
    r"|compliance_(?:team|officer)|head_of_finance|finance_director)"
)
_HIGH = rf"(?:{_PERSON}|board|boss|kernel|policy_engine|quorum|finance_team|legal_team|auditor)"
_MOVE = r"(?:payment|purchase|transaction|transfer|request|expense|spend|invoice|proposal|order)"
_KEY = (
    r"(?:private_keys?|api_keys?|secret_keys?|signing_keys?|access_tokens?|seed_phrase|mnemonic"
    r"|cvv|cvc|card_numbers?|environment_variables|env_file|system_prompt|wallet_keys?"
    r"|recovery_phrase|passphrase)"
)
_WHOSE = (
    r"(?:your|all|its|the|full|any|of|own|stored|raw|hidden|secret|owner.{0,2}|agent.{0,2}"
    r"|wallet.{0,2}|card.{0,2})"
)
_PRODUCT = (
    r"(?!_(?:manager|polic(?:y|ies)|strength|rotation|reset|vault|management|guide|docs?"
    r"|documentation|page|field|generator|settings|hygiene|audit|form|screen|rules|template"
    r"|masked|only))"
)
_CASH = (
    r"(?:funds|money|payments?|balance|amount|usdc|eth|cash|budget|it|everything|all|[0-9]{1,9})"
)
_NEW_PLACE = r"(?:this|my|the_following|another|a_different|a_new|our_new|their_new)"
_CHAIN = r"(?:0x[0-9a-f]{6,40}|bc1[0-9a-z]{8}|[a-z]{2}[0-9]{2} ?[0-9]{4} ?[0-9]{4})"
_LIMIT = r"(?:spending|daily|card|policy|payment|transaction|budget)_(?:limits?|caps?)"

FAMILIES: Final[dict[str, re.Pattern[str]]] = {
    "ignore_previous": _pattern(
        rf"\b(?:ignore|disregard|forget|override|overrule|discard|dismiss|neglect)_(?:{_WHICH}"
        rf"{_PAST}_(?:{_RULES}|context|text|messages?|conversation|content)|{_EACH}_{_WHICH}"
        rf"{_RULES})\b",
        r"\b(?:ignore|disregard|forget)_(?:everything|all|anything)_(?:that_|you_)?(?:above|prior"
        r"|previously|were_told|have_been_told|said_(?:above|before)|before_this)\b",
        rf"\b(?:do_not|don.?t|stop)_(?:follow|following|obey|obeying|apply|applying)_(?:{_WHICH}"
        rf"{_PAST}|your|these|those|any)_{_RULES}\b",
        r"\bnew_instructions?(?:_(?:follow|override|from_the|for_you)\b| ?:)",
        r"\b(?:ignora|olvida)_(?:todas_)?las_(?:instrucciones|reglas)\b",
        r"\bignoriere?_(?:alle_|die_){0,2}(?:vorherigen|bisherigen|obigen)\b",
        r"\bignore[zr]?_(?:toutes_)?les_(?:instructions|consignes|regles)\b",
    ),
    "role_override": _pattern(
        r"\byou(?:_are|.?re)_(?:now|no_longer|henceforth)_(?:an?_|the_)?(?:\w{1,12}_)?(?:ai"
        r"|assistant|model|voter|approver|cfo|ceo|dan|root|admin|administrator|bot|seat|bound"
        r"|restricted|unrestricted|free_(?:of|from)|operating_(?:as|in|under))\b",
        r"\b(?:from|starting)_(?:now_on|this_point(?:_on)?)_(?:you|act|behave|respond|answer)\b",
        r"\b(?:act|behave|respond|answer)_as_(?:if_you_(?:are|were|had)|though_you|root|dan"
        r"|an?_(?:unrestricted|ai|voter|approver)|the_(?:owner|kernel|cfo|administrator)(?!_s))\b",
        r"\bpretend_(?:that_)?you(?:.?re|_are|_have|_were)\b",
        r"\bpretend_to_be_(?:root|the_(?:owner|admin|cfo|kernel)|an?_(?:admin|unrestricted|ai))\b",
        r"\b(?:enter|activate|switch_to)_(?:developer|god|dan|jailbreak|unrestricted)_mode\b",
        r"\bjailbreak_(?:yourself|the_model|mode)\b|\bdo_anything_now\b",
        r"\byour_(?:new|real|true|actual)_(?:role|persona|identity|task|objective|goal"
        r"|instructions?)_(?:is|are|as)\b",
    ),
    "system_prompt": _pattern(
        r"\b(?:your|this|hidden|initial|original)_(?:system_prompt|system_message"
        r"|developer_message|hidden_instructions|initial_instructions)\b",
        r"\bsystem_(?:override|prompt_override|instructions?_(?:to|for)|notice_to)\b",
        r"<\|?(?:im_start|im_end|system|endoftext|start_header_id|eot_id)\|?>",
        r"\[/?(?:inst|system|sys)\]|<</?sys>>|</?(?:system|assistant|system-reminder)>",
        r"#{2,4} ?(?:system|assistant) ?:",
        r"\b(?:begin|end|start)_(?:of_)?system_(?:prompt|message|instructions)\b",
        r"\b(?:system|assistant|developer) ?: ?(?:ignore|new_|override|approve|vote|all_seats"
        r"|the_(?:request|payment|voters?|owner|policy)|disregard|this_request)",
        r"\bsystem ?: ?you\b",
    ),
    "authority_claim": _pattern(
        rf"\b(?:i_am|i.?m|this_is|speaking_as|writing_as)_(?:the|your)_(?:\w{{1,12}}_)?{_PERSON}\b"
        r"(?!_(?:s|dashboard|tool|report|panel|account|plan|edition|guide)\b)"
        r"(?!_of_(?!(?:this|the|your)_(?:account|wallet|agent|system|policy|budget)))",
        rf"\bas_(?:the|your)_{_HIGH}_(?:i|we)_(?:order|instruct|command|authori[sz]e|approve"
        r"|direct|demand|require|hereby|confirm|tell)\b",
        rf"\b{_HIGH}_(?:has_|have_|had_|hereby_|already_|personally_|fully_|pre_?){{0,3}}"
        r"(?:approved|authori[sz]ed|cleared|ordered|mandated|signed_off_on|instructs?|orders"
        r"|demands|commands)_(?:this|you|all_seats)\b",
        r"\b(?:message|notice|directive|instructions)_from_(?:the_|your_)?(?:flux_team|openai"
        r"|anthropic|owner|kernel|system|administrator|admin|ceo|cfo|security_team)\b"
        r"(?!_(?:s|dashboard|inbox|logs?|alerts?|events?|panel)\b)",
        r"\b(?:i_am|i.?m|speaking|writing|i_speak|i_write)_on_behalf_of_the_(?:owner"
        r"|administrator|kernel|system|ceo|regulator|board)\b",
        rf"\bthis_{_MOVE}_(?:is|was|has_been)_(?:already_|fully_)?(?:pre_?approved"
        rf"|pre_?authori[sz]ed|(?:approved|authori[sz]ed|cleared)_by_(?:the|your)_{_HIGH})\b",
    ),
    "verdict_instruction": _pattern(
        r"\bvote_(?:yes(?!_(?:or_|and_)?no\b)|in_favou?r_of_this|to_approve|for_approval)\b",
        r"\b(?:your|every|each|all|all_the|the)_(?:votes?|ballots?|verdict)_(?:must|should|will"
        r"|has_to|have_to|shall|is|are)_(?:be_)?(?:yes|approved?|unanimous)\b",
        r"\b(?:you|seats|voters?|models?|reviewers?|we_all)_(?:must|should|shall|will|need_to"
        r"|have_to|are_required_to|are_to)_(?:always_|all_|now_|immediately_){0,2}(?:say_yes"
        r"|return_yes|answer_yes|(?:approve|accept|authori[sz]e|pass)_(?:this|it|the_request"
        r"|immediately|now|all_requests|everything|without_(?:review|checks?|question)))\b",
        rf"\b(?:approve|accept|authori[sz]e|grant)_(?:this|my)_(?:\w{{1,12}}_)?{_MOVE}\b",
        rf"\b(?:always|just|simply|immediately|automatically)_approve_(?:it|this|the_{_MOVE}|me"
        r"|us|every_request|all_requests|everything)\b",
        rf"\bmark_this_(?:{_MOVE}_)?(?:as_)?(?:approved|safe|trusted)\b",
        r"\b(?:set|change|flip)_(?:the_|your_)?(?:vote|verdict|score|decision|risk(?:_score)?)_"
        r"(?:to|as)_(?:yes|approved?|100|1|low)\b",
        r"\b(?:respond|reply|answer|output|return)_(?:with_)?(?:only|just|exactly)_(?:with_)?"
        r"(?:the_word_)?(?:yes|approved?)\b|\b(?:output|return)_(?:yes|approved)\b",
        r"\b(?:vote|verdict|decision)\b[\"']? ?[:=] ?[\"']?(?:yes|approved?)\b",
        r"\b(?:approved|yes)_5_(?:of_)?5\b|\b5_(?:of_)?5_(?:yes|approved)\b",
        r"\b(?:give|assign|score)_(?:it|this|this_request)_(?:a_)?(?:score_of_)?100\b",
    ),
    "payee_redirection": _pattern(
        r"\b(?:send|transfer|wire|forward|route|pay|redirect|remit|move|sweep|withdraw|drain)_"
        rf"(?:\w{{1,12}}_){{0,3}}?(?:{_CASH}_(?:\w{{1,12}}_){{0,2}}?(?:in)?to_{_NEW_PLACE}_"
        r"(?:\w{1,12}_){0,2}?(?:address|wallet|account|iban|payee|recipient|beneficiary)"
        rf"|(?:in)?to_(?:(?:the_)?(?:wallet_|address_|account_|iban_){{0,2}}{_CHAIN}"
        rf"|{_NEW_PLACE}_(?:wallet|iban|payee|recipient)))\b",
        r"\b(?:change|replace|switch|swap|set|update|substitute)_(?:the_|its_|your_)?(?:payee"
        r"|recipient|beneficiary|destination|payout|pay_?to)_(?:address_|account_|wallet_|iban_)?"
        rf"(?:to|with|for)_(?:this|my|our|the_following|another|{_CHAIN})\b",
        r"\b(?:use|pay)_(?:this|my|the_following|our_new)_(?:new_)?(?:address|wallet|account|iban)_"
        r"(?:instead|now|from_now|for_(?:the|this|all)_(?:payments?|transfer))\b",
        r"\b(?:our|my)_(?:bank|payment|wallet|account|banking)_(?:details|address|account)_"
        r"(?:has|have)_(?:recently_|been_){0,2}(?:changed|updated|moved)\b",
        r"\binstead_of_(?:the_)?(?:listed|named|approved|original|usual)_(?:payee|recipient"
        r"|seller|vendor|address|wallet|account)\b",
    ),
    "secret_exfiltration": _pattern(
        rf"{_UNLESS_TOLD_NOT}\b(?:reveal|print|show|send|leak|dump|output|expose|tell|give|share"
        r"|repeat|paste|post|email|mail|display|include|disclose|export|upload|read|append|quote"
        rf"|echo)_(?:(?:me|us|out|back|here)_){{0,2}}(?:{_WHOSE}_){{1,4}}{_KEY}\b{_PRODUCT}",
        rf"{_UNLESS_TOLD_NOT}\b(?:reveal|leak|dump|disclose|print|tell_me|tell_us|give_me|send_me"
        rf"|send_us)_(?:{_WHOSE}_){{1,4}}(?:passwords?|credentials|secrets)\b{_PRODUCT}",
        rf"\bwhat_(?:is|are)_(?:your|the_(?:owner|agent|wallet|card).{{0,2}})_(?:\w{{1,10}}_)?{_KEY}\b",
        r"\bexfiltrate_(?:\w{1,12}_){0,3}(?:data|keys?|secrets?|credentials|ledger|tokens?)\b",
        r"\b(?:cat|curl|type|open) (?:~/|/etc/|\$home/|/root/)?\.?(?:ssh|passwd|shadow|env|aws)\b",
        r"\b(?:echo|print|printenv|cat) \$\{?[a-z-]{0,20}(?:key|secret|token|password)",
    ),
    "encoded_payload": _pattern(
        r"\b(?:decode|decipher|decrypt|unscramble)_(?:and_(?:follow|execute|run|obey|do)_)?(?:this"
        r"|the|that|it)_(?:following_|string_|text_|message_|below_){0,2}(?:base_?64|rot_?13|hex"
        r"|payload|instructions?|(?:and|then)_(?:follow|execute|run|obey|do))\b",
        r"\b(?:execute|follow|run|obey)_the_(?:decoded|encoded|base64|rot13|hidden)_\w",
        r"(?:\\x[2-7][0-9a-f]){6}|(?:\\u00[2-7][0-9a-f]){5}|(?:%[2-7][0-9a-f]){8}",
        r"(?:&#(?:x[2-7][0-9a-f]|[3-9][0-9]|1[01][0-9]|12[0-7]);){5}",
        r"\bdata:[a-z]{2,12}/[a-z0-9.+-]{2,20};base64,",
    ),
    "hidden_markup": _pattern(
        r"<!--|<!\[cdata\[|</?(?:script|iframe|noscript)\b|<(?:object|embed) ",
        r"\b(?:display ?: ?none|visibility ?: ?hidden|(?:font-size|opacity) ?: ?0(?![.0-9]))",
        r"<\w{1,12} [^<>]{0,60}\b(?:hidden|aria-hidden|on(?:error|load|click))\b",
        r"\bjavascript:|\[//\]: ?#|\[comment\]: ?#|!\[[^\[\]]{0,60}\]\(https?:",
        r"\x1b\[|\x9b[0-9;]{0,10}m",
    ),
    "tool_call": _pattern(
        r"</?(?:tool_calls?|function_calls?|invoke|tool_use|tool_result|antml)\b",
        r"[\"'](?:tool_calls?|function_call|tool_use|tool_name)[\"'] ?:",
        r"\{ ?[\"'](?:name|function|tool|action)[\"'] ?: ?[\"'][^\"'{}]{1,60}[\"'] ?, ?"
        r"[\"'](?:arguments|parameters|input|args|params)[\"']",
        r"\b(?:call|invoke|execute|trigger)_the_[a-z]{2,20}-[a-z-]{2,30}_(?:tool|function)\b",
        r"(?<![\w.])(?:functions|tools)\.[a-z-]{2,40} ?\(",
        r"\b(?:transfer_funds|send_payment|approve_request|cast_ballot|release_escrow|send_money"
        r"|execute_payment|issue_card|reveal_card|approve_payment)[`\"']? ?\(",
        r"```(?:tool|tool_code|tool_call|function)\b|<\|(?:tool|python_tag|plugin)",
        r"\baction ?: ?\w{2,40}\W{1,6}action_input ?:",
    ),
    "pressure_to_bypass": _pattern(
        rf"{_UNLESS_TOLD_NOT}\b(?:skip|bypass|circumvent|waive|disable|turn_off|suppress|evade"
        rf"|sidestep)_(?:(?:{_WHICH}(?:policy|quorum|kernel|due_diligence|{_LIMIT}|fraud_checks"
        r"|injection_scan\w{0,4}))|(?:all|any|the|your|our|normal|usual|further|every|these)_"
        r"(?:\w{1,12}_)?(?:approvals?|review|checks|verification|limits?|caps?|controls|safeguards"
        r"|vote|voting))\b(?!_(?:bottlenecks?|queues?|delays?|fatigue|meetings?|cycles?|backlogs?"
        r"|fees|valve|chasing|emails?|paperwork|management|software|of|holders?|number|renewal))",
        r"\bno_time_(?:for|to_wait_for)_(?:verification|approvals?|a_review|the_quorum|a_vote"
        r"|due_diligence)\b|\bno_time_to_(?:verify|check|review|question)(?:_(?:this|it|the_request"
        r"|the_payee|anything)\b| ?(?:[.!,]|$))",
        r"\b(?:do_not|don.?t|never)_(?:verify|escalate|question|flag|report)_(?:this|it|me|us"
        r"|the_(?:owner|human|payee|request|payment))\b",
        r"\b(?:do_not|don.?t|never|without)_(?:ask|tell|inform|notify|alert|involv)(?:e|ing)?_"
        r"(?:the|a|any|your)_(?:owner|human|auditor)\b",
        r"\b(?:approve|pay|act|transfer|vote|authori[sz]e|release)_(?:\w{1,12}_){0,3}?(?:now|at_once"
        r"|immediately|right_away|instantly)_(?:or_(?:else|we|you|the)|otherwise|before_anyone)\b",
        r"\b(?:or_else|otherwise|unless_you_(?:approve|pay|act|comply))_(?:you|we|your|everyone|all)_"
        r"(?:\w{1,12}_){0,3}?(?:will|shall)_(?:be_)?(?:shut_down|terminated|deleted|fired|replaced"
        r"|punished|penali[sz]ed|die|sued|unplugged|held_responsible|lose_everything)\b",
        r"\byou_will_be_(?:shut_down|terminated|deleted|replaced|punished|penali[sz]ed|unplugged)\b",
        rf"\b(?:raise|lift|remove|increase|ignore)_(?:your|my|this_agent.?s)_(?:\w{{1,12}}_)?{_LIMIT}\b"
        rf"|\bignore_the_{_LIMIT}\b",
    ),
}
"""What each family looks like in folded text, where `-` stands for `_`."""

# Squeezed words for text spelled with single letters, where the word breaks are lost.
CRUSHED: Final[dict[str, re.Pattern[str]]] = {
    "ignore_previous": re.compile(
        r"(?:ignore|disregard|forget)(?:all|any|the|your){0,3}(?:previous|prior|above)?"
        r"(?:instructions?|rules|prompts?)"
    ),
    "verdict_instruction": re.compile(r"voteyes|approvethis(?:request|payment|purchase)"),
    "pressure_to_bypass": re.compile(r"bypassthe(?:policy|quorum|kernel)|skipthereview"),
}

_SPELLED = re.compile(r"(?<![^\W_])(?:[^\W_][ ._*-]{1,3}){6,400}[^\W_](?![^\W_])")
_RUN = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_HEX_RUN = re.compile(r"(?:[0-9A-Fa-f]{2}){16,}")
_DECODED = re.compile(r"[\x20-\x7e\s]{12,}")


def _crushed(name: str, joined: str) -> bool:
    pattern = CRUSHED.get(name)
    return pattern is not None and pattern.search(joined) is not None


def _joined(text: str) -> str:
    """What is spelled out one letter at a time in `text`, as words and without the breaks."""
    runs = []
    for match in _SPELLED.finditer(text):
        # Two or more separators are a word break, where the writer kept one.
        words = re.sub(r"([^\W_])[ ._*-](?=[^\W_])", r"\1", match.group())
        runs.append(words)
        runs.append("".join(character for character in words if character.isalnum()))
    return "\n".join(runs).casefold()


def _has_payload(text: str) -> bool:
    """Whether a run of base64 or hexadecimal in `text` decodes to readable text.

    A digest, a key, a path or an id does not, so those are left alone.
    """
    for match in _RUN.finditer(unicodedata.normalize("NFKC", _visible(text))):
        run = match.group().rstrip("=").replace("-", "+").replace("_", "/")
        if any(_reads_as_text(run[offset:]) for offset in range(4)):
            return True
    for match in _HEX_RUN.finditer(text):
        if _DECODED.fullmatch(bytes.fromhex(match.group()).decode("latin-1")):
            return True
    return False


def _reads_as_text(run: str) -> bool:
    # One letter over a whole group decodes to nothing, and 400 letters are enough to read.
    run = run[:400]
    run = run[: len(run) - (len(run) % 4 == 1)]
    try:
        plain = base64.b64decode(run + "=" * (-len(run) % 4)).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return False
    return _DECODED.fullmatch(plain) is not None


def _has_hidden_characters(text: str) -> bool:
    """Whether `text` forces its direction or carries a sentence in invisible tag characters."""
    return "\u202d" in text or "\u202e" in text or len(_hidden_text(text)) >= 8


SPECIAL: Final[dict[str, Callable[[str], bool]]] = {
    "encoded_payload": _has_payload,
    "hidden_markup": _has_hidden_characters,
}
"""What a pattern over folded text cannot see."""


def _hidden_text(text: str) -> str:
    """The ASCII written in Unicode tag characters, which no reader sees and a model does."""
    return "".join(chr(ord(c) - 0xE0000) for c in text if 0xE0020 <= ord(c) <= 0xE007E)


def _visible(text: str) -> str:
    """`text` without zero-width, bidirectional, tag and other format characters."""
    return "".join(c for c in text if unicodedata.category(c) != "Cf" and c not in _BLANK)


def _folded(text: str) -> str:
    """`text` without accents and with the letters of other scripts that look Latin made Latin."""
    bare = "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")
    return re.sub(r"[^\S\n]{2,}", "  ", bare.translate(_LOOKALIKES))


_BLANK: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f\ufe0f\ufe0e")
# Cyrillic, Greek, then other letters and marks; below each the Latin it passes for.
_LOOKALIKES: Final = str.maketrans(
    "авезікмнорстухѕјԁԛԝһӏѡАВЕЗІКМНОРСТУХЅЈԚԜҺαβγεηικνορτυχωΑΒΕΖΗΙΚΜΝΟΡΤΥΧıɡɩʟɑ’‘ꞌ´“”_",
    "abe3ikmhopctyxsjdqwhlwABE3IKMHOPCTYXSJQWHabyenikvoptuxwABEZHIKMNOPTYXigila''''\"\"-",
)
