/**
 * Calls of Meterkite's functions, and what a generated client does not know about them.
 *
 * ```ts
 * const client = new Client({ baseUrl: "https://app.example.com/api", token: fetchToken });
 * await client.call("debit-credits", { user_id: "ada", amount: 30 });
 * ```
 *
 * A write is sent with an idempotency key that is made once and kept over all attempts, so it is
 * applied once even if its answer is lost. Runs in browsers and Node.js 18 or later; no packages.
 * With types that openapi-typescript made, `new Client<paths>(…)` checks bodies and answers.
 */

/** The pause after attempt n is random: what Retry-After says (or 0), and up to `FIRST_BACKOFF_MS`
 * · 2^(n-1) more, of which no more than `LONGEST_BACKOFF_MS`. */
const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 8_000;
const REPEATABLE = new Set([408, 429, 500, 502, 503, 504]);
const USUAL_TIERS = new Set([undefined, null, "auto", "default", "standard"]);
const CHARACTERS = new Set([
  "characters",
  "character_count",
  "character-cost",
  "character_cost",
  "character_count_change_from",
  "character_count_change_to",
]);

type Json = Record<string, any>;

// How openapi-typescript writes operations; without its types every name and body is allowed.
type AnyPaths = Record<`/${string}`, any>;
type Names<Paths, Method extends string> = {
  [Path in keyof Paths]: Paths[Path] extends Record<Method, object>
    ? Path extends `/${infer Name}` ? Name : never
    : never;
}[keyof Paths];
type NameOf<Paths, Method extends string> = AnyPaths extends Paths ? string : Names<Paths, Method>;
type Operation<Paths, Method extends string, Name> = Name extends string
  ? Paths extends Record<`/${Name}`, Record<Method, infer Found>> ? Found : unknown
  : never;
type JsonOf<Part> = Part extends { content: { "application/json": infer Body } } ? Body : Json;
type BodyOf<Found> = Found extends { requestBody: infer Request } ? JsonOf<Request> : Json;
type AnswerOf<Found> = Found extends { responses: { 200: infer Answer } } ? JsonOf<Answer> : Json;

type Absent = null | undefined;
/** What the work consumed: whole credits, or the usage of a call. */
export type Spent = { amount: number; usage?: never } | { usage: Usage; amount?: never };
/** The `usage` of debit-credits, hold-credits, settle-hold and quote-usage. */
export type Usage = Json & { provider: string; model_id: string };
/** A hold as hold-credits answers it. */
export type Hold = Json & { hold_id: string; user_id: string; amount: number };
/** One fault of one field. */
export type Violation = { field: string; code: string; message: string };
type ErrorParts = {
  function: string;
  status: number;
  problem: Json;
  retryAfter?: number | undefined;
  requestId: string;
  key?: string | undefined;
  attempts: number;
  cause?: unknown;
};

/** A call that was refused or has failed. */
export class MeterkiteError extends Error {
  /** The name of the function. */
  readonly function: string;
  /** The HTTP status; 0 if no complete answer arrived. */
  readonly status: number;
  /** What programs compare, such as `insufficient_credits`; `no_answer` with status 0; empty for an
   * answer that is not a problem of Meterkite's, such as that of a proxy. */
  readonly code: string;
  /** The faults of the fields. */
  readonly errors: Violation[];
  /** All members of the answer, such as `balance`, `available`, `required`. */
  readonly problem: Json;
  /** Seconds; absent if the answer has no such header. */
  readonly retryAfter: number | undefined;
  /** Finds the call in the logs. */
  readonly requestId: string;
  /** The idempotency key; absent for a read. */
  readonly key: string | undefined;
  /** How often the call was sent. */
  readonly attempts: number;

  constructor(parts: ErrorParts) {
    const code = String(parts.problem["code"] ?? "");
    const listed: unknown = parts.problem["errors"];
    const errors = (Array.isArray(listed) ? listed : []).filter(isObject) as Violation[];
    const faults = errors.map((e) => `; ${e.field} ${e.message}`).join("");
    super(
      `${parts.function}: ${parts.status} ${code} ${parts.problem["detail"] ?? ""}${faults}` +
        ` (request ${parts.requestId}, attempts: ${parts.attempts})`,
      { cause: parts.cause },
    );
    this.name = "MeterkiteError";
    this.function = parts.function;
    this.status = parts.status;
    this.code = code;
    this.errors = errors;
    this.problem = parts.problem;
    this.retryAfter = parts.retryAfter;
    this.requestId = parts.requestId;
    this.key = parts.key;
    this.attempts = parts.attempts;
  }

  /** Whether the call may have been applied. Repeat it with the same key to find out. */
  get isOutcomeUnknown(): boolean {
    return this.status === 0 || this.status === 408 || this.status >= 500;
  }
}

/**
 * The work of `withHold` is done, and what it consumed could not be captured. `cause` is the
 * `MeterkiteError`. `client.call(function, body, { key })` repeats the capture; it is safe at any
 * time before the hold lapses.
 */
export class CaptureError<Result = unknown> extends Error {
  /** What the work returned. */
  readonly result: Result;
  readonly hold: Hold;
  /** The function that was called last. */
  readonly function: string;
  readonly body: Json;
  readonly key: string;

  constructor(result: Result, hold: Hold, name: string, body: Json, key: string, cause: unknown) {
    super(`hold ${hold.hold_id} of ${hold["expires_at"]} is not captured`, { cause });
    this.name = "CaptureError";
    this.result = result;
    this.hold = hold;
    this.function = name;
    this.body = body;
    this.key = key;
  }
}

/** How a client calls. */
export interface Options {
  /** One address for all functions, such as `https://app.example.com/api`, to which
   * `/debit-credits` is added; or an address per function, as a text with `{function}` in it, such
   * as `https://{function}-123456789.us-central1.run.app`, or as a function of the name. */
  baseUrl: string | ((name: string) => string);
  /** Returns the bearer token; called for each attempt. */
  token: () => string | Promise<string>;
  /** Bounds one attempt, its answer included. 30,000 by default. */
  timeoutMs?: number;
  /** How often a call is sent at most. 5 by default. */
  attempts?: number;
  /** A `Retry-After` of more is thrown at once, with `retryAfter` for the caller. 30 by default. */
  maxWaitSeconds?: number;
  /** Is told of a hold that could not be released. `console.warn` by default. */
  warn?: (message: string, cause: unknown) => void;
  /** Pauses, for tests. */
  sleep?: (ms: number) => Promise<void>;
  /** From 0 to less than 1, for tests. */
  random?: () => number;
}

type Attempt = {
  status: number;
  answer: unknown;
  retryAfter?: number | undefined;
  requestId?: string | Absent;
  cause?: unknown;
};

/** Calls functions. It has no state that changes: calls may run at the same time. */
export class Client<Paths = AnyPaths> {
  readonly #address: (name: string) => string;
  readonly #options: Required<Omit<Options, "baseUrl">>;

  constructor({ baseUrl, ...options }: Options) {
    this.#address = addresses(baseUrl);
    this.#options = {
      timeoutMs: 30_000,
      attempts: 5,
      maxWaitSeconds: 30,
      warn: (message, cause) => console.warn(message, cause),
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      random: Math.random,
      ...options,
    };
    if (!(this.#options.attempts >= 1 && this.#options.timeoutMs > 0)) {
      throw new RangeError("attempts must be at least 1, and timeoutMs more than 0");
    }
  }

  /**
   * Sends a POST and returns its answer. Give a key that your operation already has, such as the id
   * of a payment, if a repeat can come from another process; else one is made.
   *
   * @throws MeterkiteError
   */
  async call<Name extends NameOf<Paths, "post">>(
    name: Name,
    body: BodyOf<Operation<Paths, "post", Name>>,
    { key = crypto.randomUUID() as string } = {},
  ): Promise<AnswerOf<Operation<Paths, "post", Name>>> {
    if (!/^[!-~]{1,255}$/.test(key)) {
      throw new RangeError("a key has 1 to 255 visible ASCII characters");
    }
    return this.#send(name, "", key, JSON.stringify(body)) as Promise<
      AnswerOf<Operation<Paths, "post", Name>>
    >;
  }

  /**
   * Sends a GET with the parameters that are given. Text, such as CSV, is a string.
   *
   * @throws MeterkiteError
   */
  async read<Name extends NameOf<Paths, "get">>(
    name: Name,
    query: Record<string, string | number | boolean | Absent> = {},
  ): Promise<AnswerOf<Operation<Paths, "get", Name>>> {
    const parameters = new URLSearchParams();
    for (const [parameter, value] of Object.entries(query)) {
      if (value !== undefined && value !== null) parameters.set(parameter, String(value));
    }
    const text = parameters.toString();
    return this.#send(name, text && `?${text}`) as Promise<
      AnswerOf<Operation<Paths, "get", Name>>
    >;
  }

  /**
   * Holds an upper bound, runs the work, captures what it was.
   *
   * If the work throws, the hold is released and the error passes on. What is more than the hold is
   * debited as far as credits are available, or refused with `overage: "refuse"`. If the hold has
   * lapsed meanwhile and is not that of a `job_id`, what it was is debited without it. A process
   * that dies leaves a hold that lapses by itself.
   *
   * @param job the body of hold-credits: `user_id`, `amount` or `usage`, and `expires_in_seconds`,
   *     which must be longer than the work takes
   * @param work is called with the hold; returns its result and what it consumed
   * @returns the result, and the answer of settle-hold, or of debit-credits if the hold had lapsed
   * @throws CaptureError which has the result, if what the work consumed cannot be captured
   */
  async withHold<Result>(
    job: Json & { user_id: string },
    work: (hold: Hold) => Promise<{ result: Result } & Spent>,
    { overage = "debit" }: { overage?: "debit" | "refuse" } = {},
  ): Promise<{ result: Result; answer: Json }> {
    const key: string = crypto.randomUUID();
    const { hold } = (await this.#post("hold-credits", job, key)) as { hold: Hold };
    let result: Result;
    let spent: Json;
    try {
      ({ result, ...spent } = await work(hold));
      if (Object.keys(spent).length !== 1 || !(spent["amount"] !== undefined || spent["usage"])) {
        throw new TypeError("work must return { result, amount } or { result, usage }");
      }
    } catch (failure) {
      await this.#release(hold, key);
      throw failure;
    }
    return { result, answer: await this.#capture(hold, key, result, spent, overage, job) };
  }

  async #capture(
    hold: Hold,
    key: string,
    result: unknown,
    spent: Json,
    overage: string,
    job: Json,
  ): Promise<Json> {
    let name = "settle-hold";
    let body: Json = { hold_id: hold.hold_id, action: "capture", overage, ...spent };
    try {
      return await this.#post(name, body, key).catch((failure: unknown) => {
        const lapsed = failure instanceof MeterkiteError && failure.code === "hold_expired";
        if (!lapsed || job["job_id"] !== undefined || spent["amount"] === 0) throw failure;
        name = "debit-credits";
        body = { user_id: hold.user_id, ...spent };
        return this.#post(name, body, key);
      });
    } catch (failure) {
      if (!(failure instanceof MeterkiteError)) throw failure;
      throw new CaptureError(result, hold, name, body, key, failure);
    }
  }

  async #release(hold: Hold, key: string): Promise<void> {
    try {
      await this.#post("settle-hold", { hold_id: hold.hold_id, action: "release" }, key);
    } catch (failure) {
      // The error of the work is the one to pass on.
      if (!(failure instanceof MeterkiteError && failure.code === "hold_expired")) {
        const { hold_id: id, expires_at: lapse } = hold;
        this.#options.warn(`hold ${id} is not released; it lapses at ${lapse}`, failure);
      }
    }
  }

  #post(name: string, body: Json, key: string): Promise<Json> {
    return this.#send(name, "", key, JSON.stringify(body)) as Promise<Json>;
  }

  async #send(name: string, query: string, key?: string, body?: string): Promise<unknown> {
    const { attempts, maxWaitSeconds, token, sleep, random } = this.#options;
    const id = crypto.randomUUID();
    const headers: Record<string, string> = { Accept: "application/json", "X-Request-Id": id };
    if (key !== undefined) {
      headers["Content-Type"] = "application/json";
      headers["Idempotency-Key"] = key;
    }
    for (let attempt = 1; ; attempt++) {
      headers["Authorization"] = `Bearer ${await token()}`;
      // A redirect would show the token to another host.
      const method = body === undefined ? "GET" : "POST";
      const request: RequestInit = { method, headers, body: body ?? null, redirect: "manual" };
      const seen = await this.#attempt(this.#address(name) + query, request);
      if (seen.status >= 200 && seen.status < 300) return seen.answer;
      const failure = new MeterkiteError({
        function: name,
        status: seen.status,
        problem: isObject(seen.answer) ? seen.answer : { detail: `${seen.answer}`.slice(0, 500) },
        retryAfter: seen.retryAfter,
        requestId: seen.requestId ?? id,
        key,
        attempts: attempt,
        cause: seen.cause,
      });
      const repeatable = seen.status === 0 || REPEATABLE.has(seen.status);
      const wait = seen.retryAfter ?? 0;
      if (!repeatable || attempt >= attempts || wait > maxWaitSeconds) throw failure;
      const spread = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (attempt - 1));
      await sleep(wait * 1_000 + spread * random());
    }
  }

  async #attempt(url: string, request: RequestInit): Promise<Attempt> {
    const signal = AbortSignal.timeout(this.#options.timeoutMs);
    try {
      const response = await fetch(url, { ...request, signal });
      const text = await response.text();
      const { headers, status } = response;
      const isJson = /^application\/([\w.-]+\+)?json\b/.test(headers.get("Content-Type") ?? "");
      return {
        status,
        answer: isJson ? JSON.parse(text) : text,
        retryAfter: retryAfter(headers.get("Retry-After"), headers.get("Date")),
        requestId: headers.get("X-Request-Id"),
      };
    } catch (cause) {
      return { status: 0, answer: { code: "no_answer", detail: String(cause) }, cause };
    }
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function addresses(baseUrl: Options["baseUrl"]): (name: string) => string {
  if (typeof baseUrl === "function") return baseUrl;
  if (baseUrl.includes("{function}")) return (name) => baseUrl.replaceAll("{function}", name);
  return (name) => `${baseUrl.replace(/\/+$/, "")}/${name}`;
}

/**
 * The seconds that a `Retry-After` header asks to wait; undefined if it is absent or unreadable.
 *
 * An HTTP date counts from the `Date` header of the same answer, so that a clock that is wrong here
 * does no harm; without that header from now. A moment that has passed is 0 seconds.
 */
export function retryAfter(header: string | Absent, date?: string | Absent): number | undefined {
  const text = header?.trim() ?? "";
  if (/^\d+$/.test(text)) return Number(text);
  const zoned = text.endsWith("GMT") ? text : `${text} GMT`; // one of the old forms has no zone
  const moment = /[a-z]{3}/i.test(text) ? Date.parse(zoned) : NaN;
  if (Number.isNaN(moment)) return undefined;
  const sent = date ? Date.parse(date) : NaN;
  return Math.max(0, (moment - (Number.isNaN(sent) ? Date.now() : sent)) / 1_000);
}

/**
 * The `usage` of a call, for debit-credits, settle-hold and quote-usage.
 *
 * The provider's usage is sent as it is, and the server reads it, because providers count
 * differently.
 *
 * @param response what the provider's library or API answered, or for ElevenLabs its headers
 * @param model the id in your catalogue; by default the one that the response names, which can be a
 *     dated version of what was asked for
 * @throws TypeError where the response has no usage, as that of a stream that was not asked for it,
 *     or names no model
 */
export function usageOf(provider: string, response: unknown, model?: string): Usage {
  let answer: Json = plain(response);
  if (!usedIn(answer) && isObject(answer["response"])) {
    answer = answer["response"]; // an event that ends a stream
  }
  const lower = Object.entries(answer).map(([name, value]) => [name.toLowerCase(), value]);
  const billed = lower.filter(([name]) => CHARACTERS.has(name));
  const used: Json = usedIn(answer) ?? Object.fromEntries(billed);
  const named: unknown =
    model ?? answer["model"] ?? answer["modelVersion"] ?? answer["model_version"];
  if (Object.keys(used).length === 0) {
    throw new TypeError("the response has no usage; a stream has to be asked for it");
  }
  if (typeof named !== "string") throw new TypeError("the response names no model; give it");
  const tier: unknown = answer["service_tier"] ?? answer["serviceTier"]?.type;
  const usage: Usage = { provider, model_id: named, provider_usage: used };
  return USUAL_TIERS.has(tier as string) ? usage : { ...usage, service: tier };
}

function plain(response: unknown): Json {
  if (response instanceof Headers) return Object.fromEntries(response);
  return isObject(response) ? response : {};
}

function usedIn(answer: Json): Json | undefined {
  return [answer["usage"], answer["usageMetadata"], answer["usage_metadata"]].find(isObject);
}

/** What a listener shows: all credits, and what is left of them beside open holds. */
export interface Balance {
  balance: number;
  available: number;
}

/** `doc` and `onSnapshot` of `firebase/firestore`, whose overloads no narrower type matches. */
export interface FirestoreFunctions {
  doc: (db: any, path: string, ...segments: string[]) => any;
  onSnapshot: (
    reference: any,
    onNext: (snapshot: any) => void,
    onError: (error: any) => void,
  ) => () => void;
}

/**
 * Reports the balance of a signed-in user now and whenever it changes.
 *
 * @param db of `getFirestore()`
 * @param onBalance is called with undefined as long as there is no such user
 * @param onError is called once, such as with `permission-denied`; nothing follows then
 * @returns ends it
 */
export function watchBalance(
  { doc, onSnapshot }: FirestoreFunctions,
  db: unknown,
  userId: string,
  onBalance: (balance: Balance | undefined) => void,
  onError: (error: Error) => void,
): () => void {
  return onSnapshot(
    doc(db, "users", userId),
    (snapshot: { get: (field: string) => unknown }) => {
      const balance = snapshot.get("credits_balance");
      const available = snapshot.get("credits_available") ?? balance;
      const known = typeof balance === "number" && typeof available === "number";
      onBalance(known ? { balance, available } : undefined);
    },
    onError,
  );
}
