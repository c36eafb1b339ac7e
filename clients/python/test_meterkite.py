"""Runs against a local host: METERKITE_URL is its address, http://127.0.0.1:8080 by default.

METERKITE_FAULTS is the address of a proxy that plays faults: NAME/FAULT,FAULT in front of the name
of a function. The project's own tests have one; without it these tests are skipped.
"""

import json
import os
import unittest
import urllib.request
import uuid
from types import SimpleNamespace

from meterkite import CaptureError, Client, MeterkiteError, retry_after, usage_of

URL = os.environ.get("METERKITE_URL", "http://127.0.0.1:8080")
FAULTS = os.environ.get("METERKITE_FAULTS")
CHAT = {
    "model": "gpt-4o",
    "service_tier": "default",
    "usage": {
        "prompt_tokens": 12_000,
        "completion_tokens": 800,
        "total_tokens": 12_800,
        "prompt_tokens_details": {"cached_tokens": 2_000},
    },
}
CHAT_COST_MICROS = 38_000  # 12,000 at 2.50 USD and 800 at 10 USD a million
CALL = {"provider": "openai", "model_id": "gpt-4o"}


def get(url):
    with urllib.request.urlopen(url, timeout=60) as response:
        return response.read().decode()


def setUpModule():
    global service_token
    service_token = get(f"{URL}/local/token?role=service").strip()


class HostTest(unittest.TestCase):
    def setUp(self):
        self.waits = []
        self.client = self.client_at(URL)
        self.user = "python-" + str(uuid.uuid4())
        self.client.call("register-user", {"user_id": self.user, "tier": "payg"})
        self.client.call(
            "grant-credits", {"user_id": self.user, "amount": 100, "type": "purchase"}
        )

    def client_at(self, url, **options):
        def sleep(seconds):
            self.waits.append(seconds)

        options = {"attempts": 10, "sleep": sleep, "rng": lambda: 0.0, **options}
        return Client(url, options.pop("token", lambda: service_token), **options)

    def statement(self):
        return self.client.read("credit-statement", {"user_id": self.user})

    def deductions(self):
        return [-t["amount"] for t in self.statement()["transactions"] if t["type"] == "deduction"]

    def figures(self):
        statement = self.statement()
        return statement["balance"], statement["held"]


class CallTest(HostTest):
    def test_debit_isAppliedAndShownInTheStatement(self):
        answer = self.client.call("debit-credits", {"user_id": self.user, "amount": 30})
        self.assertEqual(70, answer["available"])
        page = self.client.read("credit-statement", {"user_id": self.user, "limit": 1, "from": None})
        self.assertEqual([-30], [t["amount"] for t in page["transactions"]])
        self.assertIn("next_page_token", page)

    def test_keyOfTheCaller_isSentAndARepeatChangesNothing(self):
        key = "answer-" + self.user
        for _ in range(2):
            self.client.call("debit-credits", {"user_id": self.user, "amount": 30}, key=key)
        self.assertEqual([30], self.deductions())

    def test_refusal_isATypedErrorAndNotRepeated(self):
        with self.assertRaises(MeterkiteError) as raised:
            self.client.call("debit-credits", {"user_id": self.user, "amount": 500})
        error = raised.exception
        self.assertEqual((402, "insufficient_credits"), (error.status, error.code))
        self.assertEqual((100, 500), (error.problem["available"], error.problem["required"]))
        self.assertEqual((1, []), (error.attempts, self.waits))
        self.assertFalse(error.is_outcome_unknown)
        uuid.UUID(error.request_id)
        self.assertIn("insufficient_credits", str(error))

    def test_badFields_areAllListed(self):
        with self.assertRaises(MeterkiteError) as raised:
            self.client.call("debit-credits", {"user_id": self.user, "amount": 0, "amont": 1})
        error = raised.exception
        self.assertEqual((400, "invalid_request"), (error.status, error.code))
        self.assertEqual(
            {("amount", "out_of_range"), ("amont", "unknown_field")},
            {(fault["field"], fault["code"]) for fault in error.errors},
        )
        self.assertIn("amont", str(error))

    def test_addressPerFunction_isUsedInBothForms(self):
        for url in (URL + "/api/", URL + "/{function}", lambda name: f"{URL}/{name}"):
            answer = self.client_at(url).read("credit-statement", {"user_id": self.user})
            self.assertEqual(100, answer["balance"])

    def test_tokenOfACoroutine_isSent(self):
        async def token():
            return service_token

        client = self.client_at(URL, token=token)
        self.assertEqual(100, client.read("credit-statement", {"user_id": self.user})["balance"])

    def test_tokenThatCannotBeHad_isTheErrorOfTheSupplier(self):
        def token():
            raise LookupError("signed out")

        with self.assertRaisesRegex(LookupError, "signed out"):
            self.client_at(URL, token=token).call("debit-credits", {})

    def test_tokenThatIsNone_isAn401(self):
        with self.assertRaises(MeterkiteError) as raised:
            self.client_at(URL, token=lambda: "nonsense").read("credit-statement", {"user_id": "x"})
        self.assertEqual((401, "unauthenticated"), (raised.exception.status, raised.exception.code))

    def test_keyThatNoHeaderTakes_isRefusedHere(self):
        for key in ("", "two words", "line\n", "x" * 256):
            with self.assertRaises(ValueError):
                self.client.call("debit-credits", {"user_id": self.user, "amount": 1}, key=key)
        self.assertEqual([], self.deductions())

    def test_csv_isText(self):
        self.client.call("register-customer", {"customer_id": self.user})
        days = {"from": "2026-03-01", "to": "2026-03-02"}
        query = {"customer_id": self.user, "group_by": "action", "format": "csv", **days}
        text = self.client.read("usage-report", query)
        self.assertTrue(text.startswith("key,count"), text)

    def test_noServer_isAnErrorAfterAllAttempts(self):
        client = self.client_at("http://127.0.0.1:9", attempts=3)  # port 9, discard
        with self.assertRaises(MeterkiteError) as raised:
            client.call("debit-credits", {"user_id": self.user, "amount": 1})
        error = raised.exception
        self.assertEqual((0, "no_answer", 3), (error.status, error.code, error.attempts))
        self.assertTrue(error.is_outcome_unknown)
        self.assertEqual(2, len(self.waits))


@unittest.skipUnless(FAULTS, "METERKITE_FAULTS is not set")
class FaultsTest(HostTest):
    def faulty(self, faults, **options):
        self.name = str(uuid.uuid4())
        return self.client_at(f"{FAULTS}/{self.name}/{faults}", **options)

    def debit(self, faults, **options):
        return self.faulty(faults, **options).call(
            "debit-credits", {"user_id": self.user, "amount": 30}
        )

    def requests(self):
        return json.loads(get(f"{FAULTS}/{self.name}"))

    def assert_one_debit(self, requests):
        """That so many requests were sent, all alike, and one was applied."""
        seen = self.requests()
        self.assertEqual(requests, len(seen))
        self.assertEqual(1, len({tuple(sorted(request.items())) for request in seen}), seen)
        uuid.UUID(seen[0]["key"])
        self.assertEqual([30], self.deductions())

    def test_retryAfterInSeconds_isWaitedFor(self):
        self.assertEqual(70, self.debit("503-2,429-7,none")["available"])
        self.assertEqual([2, 7], self.waits[:2])
        self.assert_one_debit(3)

    def test_jitter_comesOnTopOfRetryAfter(self):
        self.debit("503-2,503-2,none", rng=lambda: 0.5)
        self.assertEqual([2.25, 2.5], self.waits[:2])

    def test_retryAfterAsADate_isWaitedFor(self):
        self.debit("503-date,none")
        self.assertTrue(0 < self.waits[0] <= 20, self.waits)
        self.assert_one_debit(2)

    def test_connectionCutBeforeTheCommit_isRepeated(self):
        self.debit("cut,cut,none")
        self.assert_one_debit(3)

    def test_answerLostAfterTheCommit_isGivenAgainAndDebitsOnce(self):
        self.assertEqual(70, self.debit("lost,none")["available"])
        self.assert_one_debit(2)

    def test_halfAnAnswer_isAskedForAgain(self):
        self.assertEqual(70, self.debit("half,none")["available"])
        self.assert_one_debit(2)

    def test_answerThatNeverComes_isATimeout(self):
        self.assertEqual(70, self.debit("hang,none", timeout=2.0, attempts=30)["available"])
        self.assertEqual([30], self.deductions())

    def test_pageOfAProxy_isRepeatedAndAnErrorAtTheEnd(self):
        self.debit("502,none")
        self.assert_one_debit(2)
        with self.assertRaises(MeterkiteError) as raised:
            self.debit("502,502", attempts=2)
        error = raised.exception
        self.assertEqual((502, "", None), (error.status, error.code, error.retry_after))
        self.assertIn("Bad gateway", str(error))

    def test_redirect_isNotFollowed(self):
        with self.assertRaises(MeterkiteError) as raised:
            self.debit("302")
        self.assertEqual((302, 1), (raised.exception.status, raised.exception.attempts))
        self.assertEqual("[]", get(f"{FAULTS}/elsewhere").strip())
        self.assertEqual([], self.deductions())

    def test_attemptsUsedUp_canBeGoneOnWithByTheKey(self):
        with self.assertRaises(MeterkiteError) as raised:
            self.debit("lost,503-1,503-1", attempts=3)
        error = raised.exception
        self.assertEqual((503, "unavailable", 1.0, 3), (
            error.status, error.code, error.retry_after, error.attempts))
        self.assertTrue(error.is_outcome_unknown)
        body = {"user_id": self.user, "amount": 30}
        self.assertEqual(70, self.client.call("debit-credits", body, key=error.key)["available"])
        self.assertEqual([30], self.deductions())

    def test_longRetryAfter_isTheCallersToWaitFor(self):
        with self.assertRaises(MeterkiteError) as raised:
            self.debit("503-31")
        self.assertEqual((31.0, 1), (raised.exception.retry_after, raised.exception.attempts))
        self.assertEqual([], self.waits)

    def test_readIsRepeatedWithoutAKey(self):
        answer = self.faulty("503-1,cut,none").read("credit-statement", {"user_id": self.user})
        self.assertEqual(100, answer["balance"])
        self.assertEqual({""}, {request["key"] for request in self.requests()})

    def test_holdAndCaptureUnderFaults_areAppliedOnce(self):
        client = self.faulty("lost,503-1,none,half,lost,none")
        charged = client.with_hold(
            {"user_id": self.user, "amount": 40}, lambda hold: ("done", {"amount": 25})
        )
        self.assertEqual("done", charged.result)
        self.assertEqual([25], self.deductions())
        self.assertEqual((75, 0), self.figures())

    def test_releaseThatFails_passesTheErrorOfTheWorkOn(self):
        client = self.faulty("none,503-1,503-1", attempts=2)

        def work(hold):
            raise LookupError("the provider is down")

        with self.assertLogs("meterkite", "WARNING") as logs:
            with self.assertRaisesRegex(LookupError, "the provider is down"):
                client.with_hold({"user_id": self.user, "amount": 40}, work)
        self.assertIn("is not released", logs.output[0])
        self.assertEqual((100, 40), self.figures())

    def test_captureThatFails_keepsTheResultAndCanBeRepeated(self):
        client = self.faulty("none,lost,503-1", attempts=2)
        with self.assertRaises(CaptureError) as raised:
            client.with_hold(
                {"user_id": self.user, "amount": 40}, lambda hold: ("done", {"amount": 25})
            )
        error = raised.exception
        self.assertEqual("done", error.result)
        self.assertEqual(503, error.__cause__.status)
        self.client.call(error.function, error.body, key=error.key)
        self.assertEqual([25], self.deductions())
        self.assertEqual((75, 0), self.figures())


class HoldTest(HostTest):
    def hold(self, work, **job):
        return self.client.with_hold({"user_id": self.user, "expires_in_seconds": 600, **job}, work)

    def test_workIsCapturedByAmount(self):
        seen = []
        charged = self.hold(
            lambda hold: (seen.append((hold["amount"], self.figures())), {"amount": 25}), amount=40
        )
        self.assertEqual([(40, (100, 40))], seen)
        self.assertEqual("captured", charged.answer["hold"]["status"])
        self.assertEqual((75, 0), self.figures())

    def test_workIsCapturedByTheUsageOfItsAnswer(self):
        bound = {**CALL, "input_tokens": 12_000, "output_tokens": 4_000}
        charged = self.hold(lambda hold: (CHAT, {"usage": usage_of("openai", CHAT)}), usage=bound)
        self.assertEqual(CHAT_COST_MICROS, charged.answer["cost_micros"])
        self.assertEqual((97, 0), self.figures())  # 3.8 credits: 3 deducted, the rest accrued

    def test_workThatConsumedNothing_givesEverythingBack(self):
        self.hold(lambda hold: (None, {"amount": 0}), amount=40)
        self.assertEqual((100, 0), self.figures())

    def test_workThatFails_releasesTheHold(self):
        def work(hold):
            self.assertEqual((100, 40), self.figures())
            raise LookupError("the provider is down")

        with self.assertRaisesRegex(LookupError, "the provider is down"):
            self.hold(work, amount=40)
        self.assertEqual((100, 0), self.figures())

    def test_workThatDoesNotSayWhatItConsumed_isAnErrorAndReleased(self):
        for spent in ({}, {"usage": {}, "amount": 1}, {"credits": 3}):
            with self.assertRaisesRegex(TypeError, "work must return"):
                self.hold(lambda hold: ("done", spent), amount=40)
        self.assertEqual((100, 0), self.figures())

    def test_workBeyondTheHold_isDebitedOrRefused(self):
        charged = self.hold(lambda hold: ("done", {"amount": 50}), amount=40)
        self.assertEqual(-10, charged.answer["overage_transaction"]["amount"])
        with self.assertRaises(CaptureError) as raised:
            self.client.with_hold(
                {"user_id": self.user, "amount": 10},
                lambda hold: ("done", {"amount": 11}),
                overage="refuse",
            )
        error = raised.exception
        self.assertEqual("capture_exceeds_hold", error.__cause__.code)
        self.assertEqual("done", error.result)
        self.assertEqual((50, 10), self.figures())

    def test_moreThanIsAvailable_isRefusedBeforeTheWork(self):
        with self.assertRaises(MeterkiteError) as raised:
            self.hold(lambda hold: self.fail("the work has begun"), amount=101)
        self.assertEqual("insufficient_credits", raised.exception.code)

    def test_holdThatLapsesDuringTheWork_isDebitedWithoutIt(self):
        charged = self.hold(self.lapse, amount=40)
        self.assertEqual(-25, charged.answer["transaction"]["amount"])
        self.assertNotIn("hold", charged.answer)
        self.assertEqual((75, 0), self.figures())

    def test_holdOfAJobThatLapses_isNotDebited(self):
        with self.assertRaises(CaptureError) as raised:
            self.hold(self.lapse, amount=40, job_id="job-" + self.user)
        self.assertEqual("hold_expired", raised.exception.__cause__.code)
        self.assertEqual([], self.deductions())

    def lapse(self, hold):
        clock = urllib.request.Request(
            f"{URL}/local/clock",
            b'{"advance": "PT11M"}',
            {"Content-Type": "application/json"},
        )
        urllib.request.urlopen(clock, timeout=60).close()
        return "done", {"amount": 25}


class UsageTest(HostTest):
    def cost(self, usage):
        return self.client.call("quote-usage", {"usage": usage})["cost_micros"]

    def test_openAi(self):
        self.assertEqual(CHAT_COST_MICROS, self.cost(usage_of("openai", CHAT)))
        responses = {
            "model": "gpt-4o",
            "usage": {
                "input_tokens": 12_000,
                "input_tokens_details": {"cached_tokens": 2_000},
                "output_tokens": 800,
                "output_tokens_details": {"reasoning_tokens": 100},
                "total_tokens": 12_800,
            },
        }
        self.assertEqual(CHAT_COST_MICROS, self.cost(usage_of("openai", responses)))
        event = {"type": "response.completed", "response": responses}
        self.assertEqual(CHAT_COST_MICROS, self.cost(usage_of("openai", event)))

    def test_anthropic_countsCachedTokensBeside(self):
        message = {
            "model": "claude-sonnet-4-5-20250929",
            "usage": {
                "input_tokens": 100,
                "cache_read_input_tokens": 900,
                "cache_creation_input_tokens": 0,
                "output_tokens": 50,
                "service_tier": "standard",
            },
        }
        usage = usage_of("anthropic", message, "claude-sonnet-4-5")
        self.assertEqual(3_750, self.cost(usage))

    def test_gemini_inBothSpellings(self):
        counts = {"prompt_token_count": 1_000_000, "candidates_token_count": 100_000}
        counts |= {"thoughts_token_count": 100_000, "total_token_count": 1_200_000}
        python = SimpleNamespace(model_version="gemini-2.5-flash", usage_metadata=Model(**counts))
        rest = {
            "modelVersion": "gemini-2.5-flash",
            "usageMetadata": {
                "promptTokenCount": 1_000_000,
                "candidatesTokenCount": 100_000,
                "thoughtsTokenCount": 100_000,
                "totalTokenCount": 1_200_000,
            },
        }
        self.assertEqual(800_000, self.cost(usage_of("google", python)))
        self.assertEqual(800_000, self.cost(usage_of("google", rest)))

    def test_elevenLabs_byItsHeaders(self):
        headers = {"Content-Type": "audio/mpeg", "Character-Cost": "1000", "request-id": "x"}
        usage = usage_of("elevenlabs", headers, "eleven_multilingual_v2")
        self.assertEqual({"character-cost": "1000"}, usage["provider_usage"])
        self.assertGreater(self.cost(usage), 0)

    def test_bedrock_asItIs(self):
        answer = {
            "usage": {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15},
            "serviceTier": {"type": "flex"},
        }
        usage = usage_of("openai", answer, "gpt-4o")
        self.assertEqual("flex", usage.pop("service"))
        self.assertEqual(75, self.cost(usage))

    def test_debitByUsage_isTheCostOfTheAnswer(self):
        body = {"user_id": self.user, "usage": usage_of("openai", CHAT)}
        answer = self.client.call("debit-credits", body)
        self.assertEqual((CHAT_COST_MICROS, 97), (answer["cost_micros"], answer["balance"]))


class Model:
    """As the objects of the providers' libraries are: members, and model_dump of pydantic."""

    def __init__(self, **members):
        self.members = members

    def model_dump(self, *, mode, exclude_none):
        assert (mode, exclude_none) == ("json", True)
        return self.members


class PureTest(unittest.TestCase):
    def test_serviceTier_isHandedOn(self):
        for tier, service in (("flex", "flex"), ("priority", "priority"), ("scale", "scale")):
            self.assertEqual(service, usage_of("openai", {**CHAT, "service_tier": tier})["service"])
        for tier in (None, "auto", "default", "standard"):
            self.assertNotIn("service", usage_of("openai", {**CHAT, "service_tier": tier}))

    def test_objectOfALibrary_isRead(self):
        usage = usage_of("openai", Model(**CHAT))
        self.assertEqual({**CALL, "provider_usage": CHAT["usage"]}, usage)

    def test_responseWithoutUsageOrModel_isAValueError(self):
        for response in ({"model": "m"}, {"model": "m", "usage": None}, {}, [], "text", None):
            with self.assertRaisesRegex(ValueError, "no usage"):
                usage_of("openai", response)
        with self.assertRaisesRegex(ValueError, "no model"):
            usage_of("openai", {"usage": {"prompt_tokens": 1}})

    def test_retryAfter_isReadInItsForms(self):
        sent = "Sun, 06 Nov 1994 08:49:30 GMT"
        for header, seconds in (
            ("0", 0),
            (" 120 ", 120),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 7),
            ("Sunday, 06-Nov-94 08:49:37 GMT", 7),
            ("Sun Nov  6 08:49:37 1994", 7),
            ("Sun, 06 Nov 1994 08:49:00 GMT", 0),
            (None, None),
            ("", None),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("²", None),
        ):
            self.assertEqual(seconds, retry_after(header, sent), header)
        self.assertEqual(0, retry_after(sent, None))
        self.assertGreater(retry_after("Fri, 31 Dec 9999 23:59:59 GMT", "nonsense"), 1e9)

    def test_clientThatNeverSends_isRefused(self):
        for options in ({"attempts": 0}, {"timeout": 0}):
            with self.assertRaises(ValueError):
                Client(URL, lambda: "", **options)

    def test_valueThatJsonLacks_isRefusedHere(self):
        with self.assertRaises(ValueError):
            Client(URL, lambda: "").call("debit-credits", {"amount": float("nan")})


if __name__ == "__main__":
    unittest.main()
