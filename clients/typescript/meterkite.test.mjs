// Runs against a local host: METERKITE_URL is its address, http://127.0.0.1:8080 by default.
//
// METERKITE_FAULTS is the address of a proxy that plays faults: NAME/FAULT,FAULT in front of the
// name of a function. The project's own tests have one; without it these tests are skipped.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CaptureError, Client, MeterkiteError, retryAfter, usageOf } from "./dist/meterkite.js";

const URL = process.env.METERKITE_URL ?? "http://127.0.0.1:8080";
const FAULTS = process.env.METERKITE_FAULTS;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const CHAT = {
  model: "gpt-4o",
  service_tier: "default",
  usage: {
    prompt_tokens: 12_000,
    completion_tokens: 800,
    total_tokens: 12_800,
    prompt_tokens_details: { cached_tokens: 2_000 },
  },
};
const CHAT_COST_MICROS = 38_000; // 12,000 at 2.50 USD and 800 at 10 USD a million
const CALL = { provider: "openai", model_id: "gpt-4o" };

const get = async (url) => (await fetch(url)).text();
const serviceToken = (await get(`${URL}/local/token?role=service`)).trim();

/** A user with 100 credits, and a client that notes its pauses and makes none. */
async function scene(options = {}) {
  const waits = [];
  const clientAt = (baseUrl, more = {}) =>
    new Client({
      baseUrl,
      token: () => serviceToken,
      attempts: 10,
      sleep: async (ms) => void waits.push(ms / 1_000),
      random: () => 0,
      ...options,
      ...more,
    });
  const client = clientAt(URL);
  const user = `typescript-${crypto.randomUUID()}`;
  await client.call("register-user", { user_id: user, tier: "payg" });
  await client.call("grant-credits", { user_id: user, amount: 100, type: "purchase" });
  const statement = () => client.read("credit-statement", { user_id: user });
  const deductions = async () =>
    (await statement()).transactions.filter((t) => t.type === "deduction").map((t) => -t.amount);
  const figures = async () => {
    const { balance, held } = await statement();
    return [balance, held];
  };
  const debit = (other, amount = 30) => other.call("debit-credits", { user_id: user, amount });
  return { client, clientAt, user, waits, statement, deductions, figures, debit };
}

/** The error that a call throws. */
async function thrown(promise, type = MeterkiteError) {
  const error = await promise.then(() => assert.fail("nothing was thrown"), (failure) => failure);
  assert.ok(error instanceof type, String(error));
  return error;
}

describe("calls", () => {
  test("debit_isAppliedAndShownInTheStatement", async () => {
    const { client, user, debit } = await scene();
    assert.equal((await debit(client)).available, 70);
    const query = { user_id: user, limit: 1, from: undefined, to: null };
    const page = await client.read("credit-statement", query);
    assert.deepEqual(page.transactions.map((t) => t.amount), [-30]);
    assert.ok(page.next_page_token);
  });

  test("keyOfTheCaller_isSentAndARepeatChangesNothing", async () => {
    const { client, user, deductions } = await scene();
    for (let i = 0; i < 2; i++) {
      const body = { user_id: user, amount: 30 };
      await client.call("debit-credits", body, { key: `answer-${user}` });
    }
    assert.deepEqual(await deductions(), [30]);
  });

  test("refusal_isATypedErrorAndNotRepeated", async () => {
    const { client, waits, debit } = await scene();
    const error = await thrown(debit(client, 500));
    assert.deepEqual([error.status, error.code], [402, "insufficient_credits"]);
    assert.deepEqual([error.problem.available, error.problem.required], [100, 500]);
    assert.deepEqual([error.attempts, waits], [1, []]);
    assert.equal(error.isOutcomeUnknown, false);
    assert.match(error.requestId, UUID);
    assert.match(error.message, /insufficient_credits/);
  });

  test("badFields_areAllListed", async () => {
    const { client, user } = await scene();
    const body = { user_id: user, amount: 0, amont: 1 };
    const error = await thrown(client.call("debit-credits", body));
    assert.deepEqual([error.status, error.code], [400, "invalid_request"]);
    const faults = error.errors.map((fault) => `${fault.field} ${fault.code}`).sort();
    assert.deepEqual(faults, ["amont unknown_field", "amount out_of_range"]);
    assert.match(error.message, /amont/);
  });

  test("addressPerFunction_isUsedInAllForms", async () => {
    const { clientAt, user } = await scene();
    for (const url of [`${URL}/api/`, `${URL}/{function}`, (name) => `${URL}/${name}`]) {
      const answer = await clientAt(url).read("credit-statement", { user_id: user });
      assert.equal(answer.balance, 100);
    }
  });

  test("tokenOfAPromise_isSent", async () => {
    const { clientAt, user } = await scene();
    const client = clientAt(URL, { token: async () => serviceToken });
    assert.equal((await client.read("credit-statement", { user_id: user })).balance, 100);
  });

  test("tokenThatCannotBeHad_isTheErrorOfTheSupplier", async () => {
    const { clientAt } = await scene();
    const token = async () => {
      throw new RangeError("signed out");
    };
    await assert.rejects(clientAt(URL, { token }).call("debit-credits", {}), /signed out/);
  });

  test("tokenThatIsNone_isAn401", async () => {
    const { clientAt } = await scene();
    const client = clientAt(URL, { token: () => "nonsense" });
    const error = await thrown(client.read("credit-statement", { user_id: "x" }));
    assert.deepEqual([error.status, error.code], [401, "unauthenticated"]);
  });

  test("keyThatNoHeaderTakes_isRefusedHere", async () => {
    const { client, user, deductions } = await scene();
    for (const key of ["", "two words", "line\n", "x".repeat(256)]) {
      const body = { user_id: user, amount: 1 };
      await assert.rejects(client.call("debit-credits", body, { key }), RangeError);
    }
    assert.deepEqual(await deductions(), []);
  });

  test("csv_isText", async () => {
    const { client, user } = await scene();
    await client.call("register-customer", { customer_id: user });
    const days = { from: "2026-03-01", to: "2026-03-02" };
    const query = { customer_id: user, group_by: "action", format: "csv", ...days };
    assert.match(await client.read("usage-report", query), /^key,count/);
  });

  test("noServer_isAnErrorAfterAllAttempts", async () => {
    const { clientAt, waits, debit } = await scene();
    const error = await thrown(debit(clientAt("http://127.0.0.1:9", { attempts: 3 })));
    assert.deepEqual([error.status, error.code, error.attempts], [0, "no_answer", 3]);
    assert.equal(error.isOutcomeUnknown, true);
    assert.ok(error.cause);
    assert.equal(waits.length, 2);
  });
});

describe("faults", { skip: FAULTS ? false : "METERKITE_FAULTS is not set" }, () => {
  /** A scene whose debits go through a connection with these faults. */
  async function faulty(faults, options = {}) {
    const all = await scene();
    const name = crypto.randomUUID();
    const broken = all.clientAt(`${FAULTS}/${name}/${faults}`, options);
    const requests = async () => JSON.parse(await get(`${FAULTS}/${name}`));
    /** So many requests were sent, all alike, and one was applied. */
    const assertOneDebit = async (count) => {
      const seen = await requests();
      assert.equal(seen.length, count);
      for (const request of seen) assert.deepEqual(request, seen[0]);
      assert.match(seen[0].key, UUID);
      assert.deepEqual(await all.deductions(), [30]);
    };
    return { ...all, broken, requests, assertOneDebit };
  }

  test("retryAfterInSeconds_isWaitedFor", async () => {
    const { broken, debit, waits, assertOneDebit } = await faulty("503-2,429-7,none");
    assert.equal((await debit(broken)).available, 70);
    assert.deepEqual(waits.slice(0, 2), [2, 7]);
    await assertOneDebit(3);
  });

  test("jitter_comesOnTopOfRetryAfter", async () => {
    const { broken, debit, waits } = await faulty("503-2,503-2,none", { random: () => 0.5 });
    await debit(broken);
    assert.deepEqual(waits.slice(0, 2), [2.25, 2.5]);
  });

  test("retryAfterAsADate_isWaitedFor", async () => {
    const { broken, debit, waits, assertOneDebit } = await faulty("503-date,none");
    await debit(broken);
    assert.ok(0 < waits[0] && waits[0] <= 20, String(waits));
    await assertOneDebit(2);
  });

  for (const [name, faults, count] of [
    ["connectionCutBeforeTheCommit_isRepeated", "cut,cut,none", 3],
    ["answerLostAfterTheCommit_isGivenAgainAndDebitsOnce", "lost,none", 2],
    ["halfAnAnswer_isAskedForAgain", "half,none", 2],
    ["pageOfAProxy_isRepeated", "502,none", 2],
  ]) {
    test(name, async () => {
      const { broken, debit, assertOneDebit } = await faulty(faults);
      assert.equal((await debit(broken)).available, 70);
      await assertOneDebit(count);
    });
  }

  test("answerThatNeverComes_isATimeout", async () => {
    const options = { timeoutMs: 2_000, attempts: 30 };
    const { broken, debit, deductions } = await faulty("hang,none", options);
    assert.equal((await debit(broken)).available, 70);
    assert.deepEqual(await deductions(), [30]);
  });

  test("pageOfAProxy_isAnErrorAtTheEnd", async () => {
    const { broken, debit } = await faulty("502,502", { attempts: 2 });
    const error = await thrown(debit(broken));
    assert.deepEqual([error.status, error.code, error.retryAfter], [502, "", undefined]);
    assert.match(error.message, /Bad gateway/);
  });

  test("redirect_isNotFollowed", async () => {
    const { broken, debit, deductions } = await faulty("302");
    const error = await thrown(debit(broken));
    assert.deepEqual([error.status, error.attempts], [302, 1]);
    assert.equal((await get(`${FAULTS}/elsewhere`)).trim(), "[]");
    assert.deepEqual(await deductions(), []);
  });

  test("attemptsUsedUp_canBeGoneOnWithByTheKey", async () => {
    const all = await faulty("lost,503-1,503-1", { attempts: 3 });
    const { client, user, deductions } = all;
    const error = await thrown(all.debit(all.broken));
    const { status, code, retryAfter: wait, attempts, key } = error;
    assert.deepEqual([status, code, wait, attempts], [503, "unavailable", 1, 3]);
    assert.equal(error.isOutcomeUnknown, true);
    await client.call("debit-credits", { user_id: user, amount: 30 }, { key });
    assert.deepEqual(await deductions(), [30]);
  });

  test("longRetryAfter_isTheCallersToWaitFor", async () => {
    const { broken, debit, waits } = await faulty("503-31");
    const error = await thrown(debit(broken));
    assert.deepEqual([error.retryAfter, error.attempts, waits], [31, 1, []]);
  });

  test("read_isRepeatedWithoutAKey", async () => {
    const { broken, user, requests } = await faulty("503-1,cut,none");
    assert.equal((await broken.read("credit-statement", { user_id: user })).balance, 100);
    assert.ok((await requests()).every((request) => request.key === ""));
  });

  test("holdAndCaptureUnderFaults_areAppliedOnce", async () => {
    const { broken, user, deductions, figures } = await faulty("lost,503-1,none,half,lost,none");
    const work = async () => ({ result: "done", amount: 25 });
    const { result } = await broken.withHold({ user_id: user, amount: 40 }, work);
    assert.equal(result, "done");
    assert.deepEqual(await deductions(), [25]);
    assert.deepEqual(await figures(), [75, 0]);
  });

  test("releaseThatFails_passesTheErrorOfTheWorkOn", async () => {
    const warnings = [];
    const warn = (message) => warnings.push(message);
    const { broken, user, figures } = await faulty("none,503-1,503-1", { attempts: 2, warn });
    const work = async () => {
      throw new RangeError("the provider is down");
    };
    await assert.rejects(broken.withHold({ user_id: user, amount: 40 }, work), /provider is down/);
    assert.match(warnings[0], /is not released/);
    assert.deepEqual(await figures(), [100, 40]);
  });

  test("captureThatFails_keepsTheResultAndCanBeRepeated", async () => {
    const all = await faulty("none,lost,503-1", { attempts: 2 });
    const work = async () => ({ result: "done", amount: 25 });
    const failed = all.broken.withHold({ user_id: all.user, amount: 40 }, work);
    const error = await thrown(failed, CaptureError);
    assert.deepEqual([error.result, error.cause.status], ["done", 503]);
    await all.client.call(error.function, error.body, { key: error.key });
    assert.deepEqual(await all.deductions(), [25]);
    assert.deepEqual(await all.figures(), [75, 0]);
  });
});

describe("holds", () => {
  test("work_isCapturedByAmount", async () => {
    const { client, user, figures } = await scene();
    const job = { user_id: user, amount: 40, expires_in_seconds: 600 };
    const { result, answer } = await client.withHold(job, async (hold) => {
      assert.deepEqual(await figures(), [100, 40]);
      return { result: hold.amount, amount: 25 };
    });
    assert.deepEqual([result, answer.hold.status], [40, "captured"]);
    assert.deepEqual(await figures(), [75, 0]);
  });

  test("work_isCapturedByTheUsageOfItsAnswer", async () => {
    const { client, user, figures } = await scene();
    const bound = { ...CALL, input_tokens: 12_000, output_tokens: 4_000 };
    const work = async () => ({ result: CHAT, usage: usageOf("openai", CHAT) });
    const { answer } = await client.withHold({ user_id: user, usage: bound }, work);
    assert.equal(answer.cost_micros, CHAT_COST_MICROS);
    assert.deepEqual(await figures(), [97, 0]); // 3.8 credits: 3 deducted, the rest accrued
  });

  test("workThatConsumedNothing_givesEverythingBack", async () => {
    const { client, user, figures } = await scene();
    const work = async () => ({ result: undefined, amount: 0 });
    await client.withHold({ user_id: user, amount: 40 }, work);
    assert.deepEqual(await figures(), [100, 0]);
  });

  test("workThatFails_releasesTheHold", async () => {
    const { client, user, figures } = await scene();
    const work = async () => {
      assert.deepEqual(await figures(), [100, 40]);
      throw new RangeError("the provider is down");
    };
    await assert.rejects(client.withHold({ user_id: user, amount: 40 }, work), /provider is down/);
    assert.deepEqual(await figures(), [100, 0]);
  });

  test("workThatDoesNotSayWhatItConsumed_isAnErrorAndReleased", async () => {
    const { client, user, figures } = await scene();
    const both = { usage: {}, amount: 1 };
    for (const spent of [{}, both, { credits: 3 }, { amount: undefined }, { usage: null }]) {
      const work = async () => ({ result: "done", ...spent });
      const failed = client.withHold({ user_id: user, amount: 40 }, work);
      await assert.rejects(failed, /work must return/, JSON.stringify(spent));
    }
    assert.deepEqual(await figures(), [100, 0]);
  });

  test("workBeyondTheHold_isDebitedOrRefused", async () => {
    const { client, user, figures } = await scene();
    const beyond = async (hold) => ({ result: "done", amount: hold.amount + 10 });
    const { answer } = await client.withHold({ user_id: user, amount: 40 }, beyond);
    assert.equal(answer.overage_transaction.amount, -10);
    const job = { user_id: user, amount: 10 };
    const refused = client.withHold(job, beyond, { overage: "refuse" });
    const error = await thrown(refused, CaptureError);
    assert.deepEqual([error.result, error.cause.code], ["done", "capture_exceeds_hold"]);
    assert.deepEqual(await figures(), [50, 10]);
  });

  test("moreThanIsAvailable_isRefusedBeforeTheWork", async () => {
    const { client, user } = await scene();
    const work = async () => assert.fail("the work has begun");
    const error = await thrown(client.withHold({ user_id: user, amount: 101 }, work));
    assert.equal(error.code, "insufficient_credits");
  });

  const lapse = async () => {
    const headers = { "Content-Type": "application/json" };
    const body = JSON.stringify({ advance: "PT11M" });
    const moved = await fetch(`${URL}/local/clock`, { method: "POST", headers, body });
    assert.equal(moved.status, 200);
    return { result: "done", amount: 25 };
  };

  test("holdThatLapsesDuringTheWork_isDebitedWithoutIt", async () => {
    const { client, user, figures } = await scene();
    const job = { user_id: user, amount: 40, expires_in_seconds: 600 };
    const { answer } = await client.withHold(job, lapse);
    assert.deepEqual([answer.transaction.amount, answer.hold], [-25, undefined]);
    assert.deepEqual(await figures(), [75, 0]);
  });

  test("holdOfAJobThatLapses_isNotDebited", async () => {
    const { client, user, deductions } = await scene();
    const job = { user_id: user, amount: 40, expires_in_seconds: 600, job_id: `job-${user}` };
    const error = await thrown(client.withHold(job, lapse), CaptureError);
    assert.equal(error.cause.code, "hold_expired");
    assert.deepEqual(await deductions(), []);
  });
});

describe("usage", () => {
  const cost = async (usage) => {
    const { client } = await scene();
    return (await client.call("quote-usage", { usage })).cost_micros;
  };

  test("openAi", async () => {
    assert.equal(await cost(usageOf("openai", CHAT)), CHAT_COST_MICROS);
    const response = {
      model: "gpt-4o",
      usage: {
        input_tokens: 12_000,
        input_tokens_details: { cached_tokens: 2_000 },
        output_tokens: 800,
        output_tokens_details: { reasoning_tokens: 100 },
        total_tokens: 12_800,
      },
    };
    assert.equal(await cost(usageOf("openai", response)), CHAT_COST_MICROS);
    const event = { type: "response.completed", response };
    assert.equal(await cost(usageOf("openai", event)), CHAT_COST_MICROS);
  });

  test("anthropic_countsCachedTokensBeside", async () => {
    const message = {
      model: "claude-sonnet-4-5-20250929",
      usage: {
        input_tokens: 100,
        cache_read_input_tokens: 900,
        cache_creation_input_tokens: 0,
        output_tokens: 50,
        service_tier: "standard",
      },
    };
    assert.equal(await cost(usageOf("anthropic", message, "claude-sonnet-4-5")), 3_750);
  });

  test("gemini_countsThoughtsBeside", async () => {
    const response = {
      modelVersion: "gemini-2.5-flash",
      usageMetadata: {
        promptTokenCount: 1_000_000,
        candidatesTokenCount: 100_000,
        thoughtsTokenCount: 100_000,
        totalTokenCount: 1_200_000,
      },
    };
    assert.equal(await cost(usageOf("google", response)), 800_000);
  });

  test("elevenLabs_byItsHeaders", async () => {
    const headers = new Headers({ "Content-Type": "audio/mpeg", "Character-Cost": "1000" });
    const usage = usageOf("elevenlabs", headers, "eleven_multilingual_v2");
    assert.deepEqual(usage.provider_usage, { "character-cost": "1000" });
    assert.ok((await cost(usage)) > 0);
  });

  test("bedrock_asItIs", async () => {
    const answer = {
      usage: { inputTokens: 10, outputTokens: 5, totalTokens: 15 },
      serviceTier: { type: "flex" },
    };
    const { service, ...usage } = usageOf("openai", answer, "gpt-4o");
    assert.equal(service, "flex");
    assert.equal(await cost(usage), 75);
  });

  test("serviceTier_isHandedOn", () => {
    for (const service_tier of ["flex", "priority", "scale"]) {
      assert.equal(usageOf("openai", { ...CHAT, service_tier }).service, service_tier);
    }
    for (const service_tier of [undefined, null, "auto", "default", "standard"]) {
      assert.ok(!("service" in usageOf("openai", { ...CHAT, service_tier })));
    }
  });

  test("responseWithoutUsageOrModel_isATypeError", () => {
    for (const response of [{ model: "m" }, { model: "m", usage: null }, {}, [], "text", null]) {
      assert.throws(() => usageOf("openai", response), /no usage/);
    }
    assert.throws(() => usageOf("openai", { usage: { prompt_tokens: 1 } }), /no model/);
  });
});

test("retryAfter_isReadInItsForms", () => {
  const sent = "Sun, 06 Nov 1994 08:49:30 GMT";
  for (const [header, seconds] of [
    ["0", 0],
    [" 120 ", 120],
    ["Sun, 06 Nov 1994 08:49:37 GMT", 7],
    ["Sunday, 06-Nov-94 08:49:37 GMT", 7],
    ["Sun Nov  6 08:49:37 1994", 7],
    ["Sun, 06 Nov 1994 08:49:00 GMT", 0],
    [null, undefined],
    [undefined, undefined],
    ["", undefined],
    ["-1", undefined],
    ["1.5", undefined],
    ["soon", undefined],
  ]) {
    assert.equal(retryAfter(header, sent), seconds, header);
  }
  assert.equal(retryAfter(sent, null), 0);
  assert.ok(retryAfter("Fri, 31 Dec 9999 23:59:59 GMT", "nonsense") > 1e9);
});

test("clientThatNeverSends_isRefused", () => {
  for (const options of [{ attempts: 0 }, { attempts: NaN }, { timeoutMs: 0 }]) {
    assert.throws(() => new Client({ baseUrl: URL, token: () => "", ...options }), RangeError);
  }
});
