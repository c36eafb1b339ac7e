package dev.meterkite.model.schema;

/**
 * Every collection and field name, in one place.
 *
 * <p>One nested class for each collection: its {@code COLLECTION} and its fields, the fields of the
 * source schemas first and in their order, ours behind them. Names with a dot are field paths of
 * nested values. What the values are (type, required, range) is said by the record of the
 * collection.
 */
public final class Schema {
  /** The engine's own field of an owner document: revision, last time, ring of refused keys. */
  public static final String COMMIT = "commit";

  /** On a marker: the hash of operation and normalised body of the command that made it. */
  public static final String REQUEST_HASH = "request_hash";

  /** On a marker: the answer that replays repeat, as JSON text. */
  public static final String ANSWER = "answer";

  /** What is wrong with a document that another program wrote: a list of field, code, message. */
  public static final String VALIDATION_ERRORS = "validation_errors";

  private Schema() {}

  /**
   * Jobs of the podcast pipeline, written by the pipeline; {@code payment} and {@code
   * payment_due_at} are ours.
   */
  public static final class PodcastJobs {
    public static final String COLLECTION = "podcast_jobs";
    public static final String JOB_ID = "job_id";
    public static final String USER_ID = "user_id";
    public static final String TOPIC = "topic";
    public static final String DURATION_MIN = "duration_min";
    public static final String STATUS = "status";
    public static final String PROGRESS = "progress";
    public static final String RESEARCH_PLAN = "research_plan";
    public static final String OUTPUTS = "outputs";
    public static final String CREATED_AT = "created_at";
    public static final String UPDATED_AT = "updated_at";
    public static final String QUALITY = "quality";
    public static final String PRIORITY = "priority";
    public static final String AUDIENCE = "audience";
    public static final String CREDITS_ACTUAL = "credits_actual";
    public static final String PAYMENT = "payment";
    public static final String PAYMENT_DUE_AT = "payment_due_at";
    public static final String VALIDATION_ERRORS = "validation_errors";
    public static final String PROGRESS_STAGE = "progress.stage";
    public static final String PROGRESS_PCT = "progress.pct";
    public static final String OUTPUTS_AUDIO_URL = "outputs.audio_url";
    public static final String PAYMENT_STATUS = "payment.status";
    public static final String PAYMENT_CODE = "payment.code";
    public static final String PAYMENT_HOLD_ID = "payment.hold_id";
    public static final String PAYMENT_CREDITS = "payment.credits";

    /** Which attempt of the job is paid, from 1. */
    public static final String PAYMENT_ATTEMPT = "payment.attempt";

    /** With {@code invalid_job}: the field of the job that cannot be read. */
    public static final String PAYMENT_FIELD = "payment.field";

    private PodcastJobs() {}
  }

  /**
   * Users and their subscription; {@code ledger} is the truth of their credits, {@code
   * credits_balance} and {@code credits_available} (the balance less open holds) are its copies.
   */
  public static final class Users {
    public static final String COLLECTION = "users";
    public static final String USER_ID = "user_id";
    public static final String EMAIL = "email";
    public static final String TIER = "tier";
    public static final String CREDITS_BALANCE = "credits_balance";

    /** The balance less what open holds set aside. */
    public static final String CREDITS_AVAILABLE = "credits_available";

    /** {@code ok}, {@code low} or {@code empty}, by what can be spent. */
    public static final String BALANCE_LEVEL = "balance_level";

    /** Below how many credits this user's balance is low, in place of the default. */
    public static final String LOW_BALANCE_AT = "low_balance_at";

    /** The alerts of the level; see {@link UserAlerts}. */
    public static final String BALANCE_ALERTS = "balance_alerts";

    public static final String STRIPE_CUSTOMER_ID = "stripe_customer_id";
    public static final String STRIPE_SUBSCRIPTION_ID = "stripe_subscription_id";

    /** What is known of each subscription, by its id; see {@link UserSubscriptions}. */
    public static final String STRIPE_SUBSCRIPTIONS = "stripe_subscriptions";

    public static final String CREATED_AT = "created_at";
    public static final String UPDATED_AT = "updated_at";
    public static final String LEDGER = "ledger";
    public static final String LEDGER_DUE_AT = "ledger_due_at";
    public static final String VALIDATION_ERRORS = "validation_errors";

    /** When the erasure of the person began; from then on nothing is charged or granted. */
    public static final String ERASED_AT = "erased_at";

    /** {@code erasing} until all documents of the user have been walked, then {@code erased}. */
    public static final String ERASURE = "erasure";

    private Users() {}
  }

  /** The keys inside {@link Users#BALANCE_ALERTS}; alerts are numbered by user. */
  public static final class UserAlerts {
    /** How many were raised. */
    public static final String RAISED = "raised";

    /** The number of the open one of a low balance. */
    public static final String LOW = "low";

    /** The number of the open one of an empty balance. */
    public static final String EMPTY = "empty";

    private UserAlerts() {}
  }

  /** The keys inside {@link Users#LEDGER}; only the rules of credits write them. */
  public static final class UserLedger {
    public static final String SEQUENCE = "sequence";
    public static final String BALANCE = "balance";
    public static final String HASH = "hash";
    public static final String HELD = "held";

    /** By expiry, {@link #NEVER} for none: {@code granted, remaining, held}. */
    public static final String LOTS = "lots";

    /**
     * By hold id: {@code amount, expires_at, job_id, plans_version, pins}, the pins by expiry as in
     * lots.
     */
    public static final String HOLDS = "holds";

    /** The last monthly grant: {@code period, tier, credits}. */
    public static final String GRANT = "grant";

    /** Running lines of paid invoices, by their key: the line, what went back, the present lot. */
    public static final String TERMS = "terms";

    public static final String REFUNDS = "refunds";
    public static final String REBUILT_AT = "rebuilt_at";

    /** Micro-USD of calls that are consumed and not yet deducted, below a credit. */
    public static final String ACCRUED_MICROS = "accrued_micros";

    /** The exact rest below a micro-USD, in 10^-13 of it. */
    public static final String ACCRUED_FRACTION = "accrued_fraction";

    public static final String GRANTED = "granted";
    public static final String REMAINING = "remaining";
    public static final String AMOUNT = "amount";
    public static final String EXPIRES_AT = "expires_at";
    public static final String JOB_ID = "job_id";
    public static final String PLANS_VERSION = "plans_version";
    public static final String PINS = "pins";
    public static final String PERIOD = "period";
    public static final String TIER = "tier";
    public static final String CREDITS = "credits";

    /** The key of what never expires. */
    public static final String NEVER = "never";

    private UserLedger() {}
  }

  /** The keys of one subscription in {@link Users#STRIPE_SUBSCRIPTIONS}. */
  public static final class UserSubscriptions {
    public static final String STATUS = "status";
    public static final String TIER = "tier";

    /** When Stripe made the event that says so. */
    public static final String CHANGED_AT = "changed_at";

    /** The kind of that event: {@code created, updated, deleted}. */
    public static final String CHANGE = "change";

    public static final String PERIOD_END = "period_end";

    private UserSubscriptions() {}
  }

  /**
   * The state of each payment at Stripe: what it sold, what was paid, what went back. The id is the
   * payment intent's, or until that is known the invoice's or charge's; other ids of the same
   * payment lead to it by {@link #TIED_TO}. Those of subscriptions lead to their user.
   */
  public static final class StripePayments {
    public static final String COLLECTION = "stripe_payments";
    public static final String USER_ID = "user_id";

    /** Only in a document whose state is in another one: the id of that. */
    public static final String TIED_TO = "tied_to";

    /** By session or invoice: {@code invoice, amount, packages, lines}. */
    public static final String SALES = "sales";

    /** By payment intent or charge: {@code amount, stated, refunded}. */
    public static final String PARTS = "parts";

    /** By refund: {@code part, amount, created_at, failed_at}. */
    public static final String REFUNDS = "refunds";

    /** By dispute: {@code amount, withdrawn_at, reinstated_at}. */
    public static final String DISPUTES = "disputes";

    /** What the ledger did, by sale: {@code given, due, credited, lots}. */
    public static final String BOOKINGS = "bookings";

    /** When money that went back counts as belonging to no known sale; then an alert is raised. */
    public static final String TIE_DUE_AT = "tie_due_at";

    /** The alert of money that went back and belongs to no sale, by the payment's id of then. */
    public static final String UNTIED_ALERT = "untied_alert";

    /** When the alert of credits that were gone was first raised. */
    public static final String ALERTED_AT = "alerted_at";

    public static final String UPDATED_AT = "updated_at";

    // Fields of an earlier form, still read.

    public static final String TRANSACTION_ID = "transaction_id";
    public static final String CREDITS = "credits";
    public static final String CHARGE_ID = "charge_id";
    public static final String AMOUNT_PAID = "amount_paid";
    public static final String AMOUNT_REFUNDED = "amount_refunded";
    public static final String CREDITS_DUE = "credits_due";

    private StripePayments() {}
  }

  /** The keys inside the maps of {@code stripe_payments}, and of {@code terms} in a ledger. */
  public static final class StripePaymentKeys {
    public static final String INVOICE = "invoice";
    public static final String AMOUNT = "amount";
    public static final String PACKAGES = "packages";
    public static final String LINES = "lines";
    public static final String KEY = "key";
    public static final String KIND = "kind";
    public static final String TIER = "tier";
    public static final String CREDITS = "credits";
    public static final String QUANTITY = "quantity";
    public static final String START = "start";
    public static final String END = "end";
    public static final String UNIT = "unit";
    public static final String STATED = "stated";
    public static final String REFUNDED = "refunded";
    public static final String AT = "at";
    public static final String PART = "part";
    public static final String CREATED_AT = "created_at";
    public static final String FAILED_AT = "failed_at";
    public static final String WITHDRAWN_AT = "withdrawn_at";
    public static final String REINSTATED_AT = "reinstated_at";
    public static final String GIVEN = "given";
    public static final String DUE = "due";
    public static final String CREDITED = "credited";
    public static final String LOTS = "lots";
    public static final String BACK = "back";
    public static final String PAID = "paid";
    public static final String MONTHS = "months";
    public static final String BOOKING = "booking";

    private StripePaymentKeys() {}
  }

  /**
   * The journal: one document for each change of a balance, never changed afterwards but for the
   * total refunded, and for the texts of a user who is erased.
   */
  public static final class CreditTransactions {
    public static final String COLLECTION = "credit_transactions";
    public static final String TRANSACTION_ID = "transaction_id";
    public static final String USER_ID = "user_id";
    public static final String TYPE = "type";
    public static final String AMOUNT = "amount";
    public static final String BALANCE_AFTER = "balance_after";
    public static final String JOB_ID = "job_id";
    public static final String CREATED_AT = "created_at";
    public static final String SEQUENCE = "sequence";
    public static final String PREV_HASH = "prev_hash";
    public static final String HASH = "hash";
    public static final String DESCRIPTION = "description";
    public static final String REFUNDED = "refunded";
    public static final String REVERSES = "reverses";
    public static final String HOLD_ID = "hold_id";
    public static final String EXPIRES_AT = "expires_at";
    public static final String REASON = "reason";
    public static final String PERIOD_START = "period_start";
    public static final String STRIPE_EVENT_ID = "stripe_event_id";

    /** Which lots the amount went to or came from: a list of {@code expires_at, amount}. */
    public static final String LOTS = "lots";

    /** The sequence of the transaction that this one reverses. */
    public static final String REVERSES_SEQUENCE = "reverses_sequence";

    /** Of a charge by usage: what the call consumed, with {@code provider, model_id, at}. */
    public static final String USAGE = "usage";

    /** Of a charge by usage: the cost at the provider, rounded up. */
    public static final String COST_MICROS = "cost_micros";

    /** Of a charge by usage: the cost in micro-USD as an exact decimal number. */
    public static final String COST_EXACT = "cost_exact";

    public static final String MARKUP_PERCENT = "markup_percent";

    /** Of a charge by usage: the cost with the markup in micro-USD, exact. */
    public static final String CHARGE_EXACT = "charge_exact";

    /** The price that was charged: its document, and when that was written. */
    public static final String PRICE_VERSION = "price_version";

    public static final String PLANS_VERSION = "plans_version";

    /** Of a charge by usage: what is accrued below a credit after it, rounded down. */
    public static final String ACCRUED_MICROS = "accrued_micros";

    /** Of an erased user: {@code at, fields, hash}; see {@link Erased}. */
    public static final String ERASED = "erased";

    private CreditTransactions() {}
  }

  /** The keys inside {@link CreditTransactions#ERASED}: what went, and what proves the rest. */
  public static final class Erased {
    public static final String AT = "at";

    /** The names of the fields that were removed. */
    public static final String FIELDS = "fields";

    /** The hash of the fields that are left, behind the transaction's own hash. */
    public static final String HASH = "hash";

    private Erased() {}
  }

  /**
   * Credits set aside for a job or another purpose, until captured, released or lapsed. Each {@code
   * attempt} of a job has one; the hold of the first attempt has the number of the latest one in
   * {@code attempts}. {@code code} is how the job ended that released its hold.
   */
  public static final class CreditHolds {
    public static final String COLLECTION = "credit_holds";
    public static final String HOLD_ID = "hold_id";
    public static final String USER_ID = "user_id";
    public static final String JOB_ID = "job_id";
    public static final String AMOUNT = "amount";
    public static final String CAPTURED = "captured";
    public static final String STATUS = "status";

    /**
     * How the job ended that released its hold: {@code failed}, {@code cancelled}, {@code deleted}.
     */
    public static final String CODE = "code";

    public static final String TRANSACTION_ID = "transaction_id";
    public static final String EXPIRES_AT = "expires_at";
    public static final String CREATED_AT = "created_at";
    public static final String CLOSED_AT = "closed_at";

    /** Of a job's hold: which attempt of the job it is for, from 1; absent is 1. */
    public static final String ATTEMPT = "attempt";

    /** On the hold of a job's first attempt: the number of the latest attempt; absent is 1. */
    public static final String ATTEMPTS = "attempts";

    /** Of a job's hold: {@code created_at} of the job that it was made for. */
    public static final String JOB_CREATED_AT = "job_created_at";

    /** By usage: the most that the call may consume, or what a capture below a credit was. */
    public static final String USAGE = "usage";

    public static final String COST_MICROS = "cost_micros";
    public static final String COST_EXACT = "cost_exact";
    public static final String MARKUP_PERCENT = "markup_percent";
    public static final String CHARGE_EXACT = "charge_exact";
    public static final String PRICE_VERSION = "price_version";
    public static final String PLANS_VERSION = "plans_version";

    /** Of a capture by usage that took no credit: what is accrued after it. */
    public static final String ACCRUED_MICROS = "accrued_micros";

    private CreditHolds() {}
  }

  /**
   * Health of the providers; the first five fields are the original's, the rest carries the
   * circuit.
   */
  public static final class ModelProviderHealth {
    public static final String COLLECTION = "model_provider_health";
    public static final String PROVIDER = "provider";
    public static final String STATUS = "status";
    public static final String LAST_CHECK = "last_check";
    public static final String LATENCY_MS = "latency_ms";
    public static final String ERROR_RATE = "error_rate";
    public static final String SUCCESS_RATE = "success_rate";
    public static final String LATENCY_EWMA_MS = "latency_ewma_ms";
    public static final String CIRCUIT = "circuit";
    public static final String RECENT_KEYS = "recent_keys";
    public static final String RESUMED_AT = "resumed_at";

    /** The calls of the last hour by model, as {@code LastHour} writes them. */
    public static final String HOURS = "hours";

    public static final String HEALTH_DUE_AT = "health_due_at";
    public static final String VALIDATION_ERRORS = "validation_errors";
    public static final String MODELS = "models";
    public static final String ACCESS = "access";
    public static final String PROBE = "probe";
    public static final String CIRCUIT_STATE = "circuit.state";
    public static final String PENDING_STATUS = "pending_status";
    public static final String CLAIM = "claim";
    public static final String RATE_LIMITED_UNTIL = "rate_limited_until";
    public static final String QUOTA_GONE_UNTIL = "quota_gone_until";

    private ModelProviderHealth() {}
  }

  /** Token and request limits of a model at its provider, by window. */
  public static final class ModelQuotas {
    public static final String COLLECTION = "model_quotas";
    public static final String PROVIDER = "provider";
    public static final String MODEL_ID = "model_id";
    public static final String TOKENS_USED = "tokens_used";
    public static final String TOKENS_LIMIT = "tokens_limit";
    public static final String RESET_AT = "reset_at";
    public static final String REQUESTS_USED = "requests_used";
    public static final String REQUESTS_LIMIT = "requests_limit";
    public static final String WINDOWS = "windows";
    public static final String RESERVATIONS = "reservations";
    public static final String TIME_ZONE = "time_zone";
    public static final String STATUS = "status";
    public static final String QUOTA_DUE_AT = "quota_due_at";
    public static final String VALIDATION_ERRORS = "validation_errors";
    public static final String STARTS_AT = "starts_at";
    public static final String MIRRORS = "mirrors";
    public static final String RESERVATIONS_COUNT = "reservations_count";
    public static final String RESERVATIONS_SINCE = "reservations_since";
    public static final String LIMITS_AT = "limits_at";
    public static final String RESERVED_AT = "reserved_at";
    public static final String EXPIRES_AT = "expires_at";
    public static final String TOKENS = "tokens";
    public static final String REQUESTS = "requests";

    private ModelQuotas() {}
  }

  /** Alerts, one for each incident. */
  public static final class ModelRouterAlerts {
    public static final String COLLECTION = "model_router_alerts";
    public static final String TYPE = "type";
    public static final String SEVERITY = "severity";
    public static final String PROVIDER = "provider";
    public static final String MODEL = "model";
    public static final String MESSAGE = "message";
    public static final String ACKNOWLEDGED = "acknowledged";
    public static final String CREATED_AT = "created_at";
    public static final String FINGERPRINT = "fingerprint";
    public static final String SUBJECT = "subject";
    public static final String STATUS = "status";
    public static final String OCCURRENCES = "occurrences";
    public static final String RESOLVED_AT = "resolved_at";
    public static final String ACKNOWLEDGED_AT = "acknowledged_at";
    public static final String ACKNOWLEDGED_BY = "acknowledged_by";
    public static final String NOTIFIED_AT = "notified_at";
    public static final String NOTIFY_DUE_AT = "notify_due_at";
    public static final String EXPIRE_AT = "expire_at";
    public static final String USER_ID = "user_id";
    public static final String CUSTOMER_ID = "customer_id";
    public static final String DETAILS = "details";

    private ModelRouterAlerts() {}
  }

  /** What has been alerted about one subject; the id is made of the subject. */
  public static final class AlertStates {
    public static final String COLLECTION = "alert_states";
    public static final String SUBJECT = "subject";
    public static final String INCIDENTS = "incidents";
    public static final String ALERTS = "alerts";
    public static final String INCIDENT = "incident";
    public static final String RAISED = "raised";

    private AlertStates() {}
  }

  /** The audit log of the model router. */
  public static final class RoutingDecisions {
    public static final String COLLECTION = "routing_decisions";
    public static final String JOB_ID = "job_id";
    public static final String TASK_TYPE = "task_type";
    public static final String SELECTED_PROVIDER = "selected_provider";
    public static final String SELECTED_MODEL = "selected_model";
    public static final String SCORE = "score";
    public static final String TIMESTAMP = "timestamp";
    public static final String CANDIDATES = "candidates";
    public static final String EXCLUDED = "excluded";
    public static final String FALLBACKS = "fallbacks";
    public static final String RESERVATION_ID = "reservation_id";

    /** When the reservation was made; {@link #TIMESTAMP} is when health and quotas were read. */
    public static final String RESERVED_AT = "reserved_at";

    public static final String ESTIMATED_COST_MICROS = "estimated_cost_micros";
    public static final String INPUT_TOKENS = "input_tokens";
    public static final String OUTPUT_TOKENS = "output_tokens";
    public static final String LANGUAGE = "language";
    public static final String REASON = "reason";
    public static final String EXPIRE_AT = "expire_at";
    public static final String LOST = "lost";
    public static final String EXCLUDE = "exclude";
    public static final String RETRY_AT = "retry_at";
    public static final String MAX_COST_MICROS = "max_cost_micros";
    public static final String CACHED_INPUT_TOKENS = "cached_input_tokens";
    public static final String CHARACTERS = "characters";
    public static final String AUDIO_SECONDS = "audio_seconds";
    public static final String DRAW = "draw";
    public static final String TRIAL = "trial";
    public static final String ATTEMPT_OF = "attempt_of";
    public static final String TRIED = "tried";
    public static final String FAILED = "failed";
    public static final String CHEAPEST_MICROS = "cheapest_micros";
    public static final String DEAREST_MICROS = "dearest_micros";
    public static final String EXPLAINED = "explained";

    private RoutingDecisions() {}
  }

  /**
   * Models that the router may choose, with prices and abilities; id {@code {provider}_{model_id}}.
   */
  public static final class ModelCatalog {
    public static final String COLLECTION = "model_catalog";
    public static final String PROVIDER = "provider";
    public static final String MODEL_ID = "model_id";
    public static final String TASK_TYPES = "task_types";
    public static final String ENABLED = "enabled";
    public static final String CONTEXT_TOKENS = "context_tokens";
    public static final String LANGUAGES = "languages";
    public static final String INPUT_COST_MICROS_PER_MILLION = "input_cost_micros_per_million";
    public static final String OUTPUT_COST_MICROS_PER_MILLION = "output_cost_micros_per_million";
    public static final String CACHED_INPUT_COST_MICROS_PER_MILLION =
        "cached_input_cost_micros_per_million";
    public static final String INPUT_UNIT = "input_unit";
    public static final String LONG_CONTEXT = "long_context";
    public static final String ABOVE_INPUT_TOKENS = "above_input_tokens";
    public static final String TIME_ZONE = "time_zone";
    public static final String WINDOWS = "windows";
    public static final String TOKENS_LIMIT = "tokens_limit";
    public static final String REQUESTS_LIMIT = "requests_limit";

    /** {@code free} where prices of 0 are meant; absent is {@code active}. */
    public static final String PRICE_STATUS = "price_status";

    private ModelCatalog() {}
  }

  /**
   * The full prices of models, a document a version; id {@code
   * {provider}_{model_id}_{effective_from}}. Prices are pico-USD (10^-12) a unit. A version counts
   * from {@code effective_from} until {@code effective_to}; {@code locked} ones are left alone by
   * imports.
   */
  public static final class ModelPrices {
    public static final String COLLECTION = "model_prices";
    public static final String PROVIDER = "provider";
    public static final String MODEL_ID = "model_id";
    public static final String MODE = "mode";
    public static final String EFFECTIVE_FROM = "effective_from";
    public static final String EFFECTIVE_TO = "effective_to";
    public static final String DEPRECATED_ON = "deprecated_on";

    /** {@code active}, {@code free}, {@code unknown} or {@code held}. */
    public static final String STATUS = "status";

    /** Where it is from: {@code name, revision, row_key, fetched_at}. */
    public static final String SOURCE = "source";

    public static final String LOCKED = "locked";

    /** A list of {@code meter, unit, price, tier {meter, above, whole_request}, when}. */
    public static final String COMPONENTS = "components";

    public static final String NAME = "name";
    public static final String REVISION = "revision";
    public static final String ROW_KEY = "row_key";
    public static final String FETCHED_AT = "fetched_at";
    public static final String METER = "meter";
    public static final String UNIT = "unit";
    public static final String PER = "per";
    public static final String PRICE = "price";
    public static final String TIER = "tier";
    public static final String ABOVE = "above";
    public static final String WHOLE_REQUEST = "whole_request";
    public static final String WHEN = "when";
    public static final String SERVICE = "service";
    public static final String SEARCH_SIZE = "search_size";

    private ModelPrices() {}
  }

  /**
   * What the product sells and for how much; one document, {@code default}. A document that is not
   * valid as a whole is not used.
   */
  public static final class Plans {
    public static final String COLLECTION = "plans";

    /** The document's id. */
    public static final String DEFAULT = "default";

    /** A word or number of the operator's, written into what the plans decided. */
    public static final String VERSION = "version";

    /** A text for people. */
    public static final String DESCRIPTION = "description";

    /**
     * The tiers of users from the least to the most, a list of {@code tier, monthly_credits,
     * longest_job_min, low_balance}; users without a tier have the first.
     */
    public static final String TIERS = "tiers";

    public static final String MONTHLY_CREDITS = "monthly_credits";

    /** Minutes. */
    public static final String LONGEST_JOB_MIN = "longest_job_min";

    /** Credits, or a percentage of the month such as {@code 20%}. */
    public static final String LOW_BALANCE = "low_balance";

    /** What can be bought at once, a list of {@code credits, price_cents}. */
    public static final String PACKAGES = "packages";

    public static final String CREDITS = "credits";

    /** US cents. */
    public static final String PRICE_CENTS = "price_cents";

    /** Prices of jobs: {@code credits_per_minute, qualities, priorities}. */
    public static final String JOBS = "jobs";

    public static final String CREDITS_PER_MINUTE = "credits_per_minute";

    /** A list of {@code quality, multiplier}; jobs that name none have the first. */
    public static final String QUALITIES = "qualities";

    public static final String QUALITY = "quality";

    /** A list of {@code priority, multiplier}; jobs that name none have the first. */
    public static final String PRIORITIES = "priorities";

    public static final String PRIORITY = "priority";
    public static final String MULTIPLIER = "multiplier";

    /**
     * The tiers of customers from the least to the most, a list of {@code tier, data_pack_tier,
     * episodes_per_variation, max_variations, min_quality_score, vla_models,
     * num_language_variations, monthly_scene_quota, flags}; customers without a tier have the
     * first.
     */
    public static final String BUNDLE_TIERS = "bundle_tiers";

    public static final String DATA_PACK_TIER = "data_pack_tier";
    public static final String EPISODES_PER_VARIATION = "episodes_per_variation";
    public static final String MAX_VARIATIONS = "max_variations";
    public static final String MIN_QUALITY_SCORE = "min_quality_score";
    public static final String VLA_MODELS = "vla_models";
    public static final String NUM_LANGUAGE_VARIATIONS = "num_language_variations";
    public static final String MONTHLY_SCENE_QUOTA = "monthly_scene_quota";
    public static final String FLAGS = "flags";

    /** How money becomes credits: {@code credit_micros, markup_percent, markups}. */
    public static final String PRICE_BOOK = "price_book";

    /** Micro-USD a credit. */
    public static final String CREDIT_MICROS = "credit_micros";

    public static final String MARKUP_PERCENT = "markup_percent";

    /** A list of {@code tier, provider, model_id, percent}; the most specific one counts. */
    public static final String MARKUPS = "markups";

    public static final String TIER = "tier";
    public static final String PROVIDER = "provider";
    public static final String MODEL_ID = "model_id";
    public static final String PERCENT = "percent";
    public static final String VALIDATION_ERRORS = "validation_errors";

    private Plans() {}
  }

  /** Customers, their tier, quota and preferences. */
  public static final class Customers {
    public static final String COLLECTION = "customers";
    public static final String SCHEMA_VERSION = "schema_version";
    public static final String BUNDLE_TIER = "bundle_tier";
    public static final String ORGANIZATION_NAME = "organization_name";
    public static final String EMAIL = "email";
    public static final String MONTHLY_SCENE_QUOTA = "monthly_scene_quota";
    public static final String SCENES_GENERATED_THIS_MONTH = "scenes_generated_this_month";
    public static final String TOTAL_SCENES_GENERATED = "total_scenes_generated";
    public static final String TOTAL_EPISODES_GENERATED = "total_episodes_generated";
    public static final String AUDIO_NARRATION_ENABLED = "audio_narration_enabled";
    public static final String SUBTITLE_GENERATION_ENABLED = "subtitle_generation_enabled";
    public static final String PREFERRED_TTS_VOICE = "preferred_tts_voice";
    public static final String PREFERRED_LANGUAGE = "preferred_language";
    public static final String SUPPORT_TIER = "support_tier";
    public static final String CONTRACT_START = "contract_start";
    public static final String CONTRACT_END = "contract_end";
    public static final String FEATURE_OVERRIDES = "feature_overrides";
    public static final String CREATED_AT = "created_at";
    public static final String UPDATED_AT = "updated_at";
    public static final String QUOTA_RESET_AT = "quota_reset_at";
    public static final String QUOTA_DUE_AT = "quota_due_at";
    public static final String BILLING_ANCHOR_DAY = "billing_anchor_day";
    public static final String BILLING_TIME_ZONE = "billing_time_zone";
    public static final String ADMIN_OVERRIDES = "admin_overrides";
    public static final String VERSION = "version";
    public static final String VALIDATION_ERRORS = "validation_errors";
    public static final String QUOTA_MODE = "quota_mode";
    public static final String QUOTA_ALERT_PERIOD = "quota_alert_period";
    public static final String QUOTA_ALERT_PERCENT = "quota_alert_percent";
    public static final String EARLY_SCENES = "early_scenes";
    public static final String EARLY_SCENES_PERIOD = "early_scenes_period";
    public static final String USAGE_SUMMARY_MONTH = "usage_summary_month";
    public static final String USAGE_CLOSED_MONTH = "usage_closed_month";
    public static final String USAGE_MONTHS = "usage_months";

    /** When the erasure of what names the customer began. */
    public static final String ERASED_AT = "erased_at";

    /** {@code erasing} until all documents have been walked, then {@code erased}. */
    public static final String ERASURE = "erasure";

    private Customers() {}
  }

  /** Scenes and what they ask for. */
  public static final class Scenes {
    public static final String COLLECTION = "scenes";
    public static final String SCHEMA_VERSION = "schema_version";
    public static final String CUSTOMER_ID = "customer_id";
    public static final String BUNDLE_TIER = "bundle_tier";
    public static final String ROBOT_TYPE = "robot_type";
    public static final String DATA_PACK_TIER = "data_pack_tier";
    public static final String EPISODES_PER_VARIATION = "episodes_per_variation";
    public static final String MAX_VARIATIONS = "max_variations";
    public static final String MIN_QUALITY_SCORE = "min_quality_score";
    public static final String AUDIO_NARRATION_ENABLED = "audio_narration_enabled";
    public static final String SUBTITLE_GENERATION_ENABLED = "subtitle_generation_enabled";
    public static final String VLA_MODELS = "vla_models";
    public static final String NUM_LANGUAGE_VARIATIONS = "num_language_variations";
    public static final String SIM2REAL_ENABLED = "sim2real_enabled";
    public static final String CONTACT_RICH_ENABLED = "contact_rich_enabled";
    public static final String TACTILE_ENABLED = "tactile_enabled";
    public static final String VLA_FINETUNING_ENABLED = "vla_finetuning_enabled";
    public static final String MULTI_ROBOT_ENABLED = "multi_robot_enabled";
    public static final String DEFORMABLE_ENABLED = "deformable_enabled";
    public static final String BIMANUAL_ENABLED = "bimanual_enabled";
    public static final String DWM_CONDITIONING_ENABLED = "dwm_conditioning_enabled";
    public static final String STREAMING_EXPORT_ENABLED = "streaming_export_enabled";
    public static final String CUSTOM_SETTINGS = "custom_settings";
    public static final String CREATED_AT = "created_at";
    public static final String UPDATED_AT = "updated_at";
    public static final String ADMIN_OVERRIDES = "admin_overrides";
    public static final String VALIDATION_ERRORS = "validation_errors";

    private Scenes() {}
  }

  /** Switches of a customer, or of all under {@code _global}. */
  public static final class FeatureFlags {
    public static final String COLLECTION = "feature_flags";

    /** The document that can switch features off for everybody. */
    public static final String GLOBAL_ID = "_global";

    public static final String SCHEMA_VERSION = "schema_version";
    public static final String AUDIO_NARRATION = "audio_narration";
    public static final String SUBTITLE_GENERATION = "subtitle_generation";
    public static final String VLA_FINETUNING = "vla_finetuning";
    public static final String SIM2REAL = "sim2real";
    public static final String CONTACT_RICH = "contact_rich";
    public static final String TACTILE = "tactile";
    public static final String MULTI_ROBOT = "multi_robot";
    public static final String DEFORMABLE = "deformable";
    public static final String BIMANUAL = "bimanual";
    public static final String DWM_CONDITIONING = "dwm_conditioning";
    public static final String STREAMING_EXPORT = "streaming_export";
    public static final String ORIGIN = "origin";

    /** By flag: the value that was copied from the tier in {@link #ORIGIN}. */
    public static final String COPIED = "copied";

    public static final String ROLLOUTS = "rollouts";
    public static final String UPDATED_AT = "updated_at";

    private FeatureFlags() {}
  }

  /** Usage records: every billable action. */
  public static final class UsageTracking {
    public static final String COLLECTION = "usage_tracking";
    public static final String SCHEMA_VERSION = "schema_version";
    public static final String CUSTOMER_ID = "customer_id";
    public static final String SCENE_ID = "scene_id";
    public static final String ACTION = "action";
    public static final String TIMESTAMP = "timestamp";
    public static final String DETAILS = "details";
    public static final String EPISODES_GENERATED = "episodes_generated";
    public static final String COMPUTE_MINUTES = "compute_minutes";
    public static final String STORAGE_GB = "storage_gb";
    public static final String BILLABLE = "billable";
    public static final String ESTIMATED_COST = "estimated_cost";
    public static final String ESTIMATED_COST_MICROS = "estimated_cost_micros";
    public static final String CORRECTS = "corrects";
    public static final String CORRECTION = "correction";
    public static final String CORRECTED_BY = "corrected_by";
    public static final String LATE_FOR = "late_for";
    public static final String RECORDED_AT = "recorded_at";
    public static final String IDEMPOTENCY_KEY = "idempotency_key";
    public static final String VALIDATION_ERRORS = "validation_errors";
    public static final String COMPUTE_MS = "compute_ms";
    public static final String STORAGE_BYTES = "storage_bytes";
    public static final String COST_SOURCE = "cost_source";
    public static final String COUNTED_DIGEST = "counted_digest";
    public static final String OVER_QUOTA = "over_quota";

    private UsageTracking() {}
  }

  /**
   * Totals of a customer's month by UTC day and action, in {@code days}; id {@code
   * {customer_id}_{yyyy-mm}}. A month with more than 500 actions goes on in documents with {@code
   * _2}, {@code _3} and so on behind that id; all of them add up.
   */
  public static final class UsageSummaries {
    public static final String COLLECTION = "usage_summaries";
    public static final String CUSTOMER_ID = "customer_id";
    public static final String MONTH = "month";
    public static final String DAYS = "days";
    public static final String COUNT = "count";
    public static final String EPISODES_GENERATED = "episodes_generated";
    public static final String COMPUTE_MS = "compute_ms";
    public static final String STORAGE_BYTES = "storage_bytes";
    public static final String BILLABLE_COST_MICROS = "billable_cost_micros";
    public static final String CLOSE_DUE_AT = "close_due_at";
    public static final String CLOSED_AT = "closed_at";
    public static final String EXPLAINED = "explained";
    public static final String LATE = "late";
    public static final String OFF_RATE_CARD = "off_rate_card";
    public static final String DOCUMENTS = "documents";
    public static final String DOCUMENT = "document";
    public static final String ACTIONS = "actions";

    private UsageSummaries() {}
  }

  /**
   * What was counted for a usage record, kept also after the record is gone; the id is the
   * record's.
   */
  public static final class UsageCounts {
    public static final String COLLECTION = "usage_counts";
    public static final String USAGE_ID = "usage_id";
    public static final String CUSTOMER_ID = "customer_id";
    public static final String SCENE_ID = "scene_id";
    public static final String ACTION = "action";
    public static final String TIMESTAMP = "timestamp";
    public static final String STATUS = "status";
    public static final String PARTS = "parts";
    public static final String DAY = "day";
    public static final String MEANT_DAY = "meant_day";
    public static final String SCENES = "scenes";
    public static final String QUOTA_PERIOD = "quota_period";
    public static final String STATED = "stated";
    public static final String LATE_FOR = "late_for";
    public static final String CORRECTS = "corrects";
    public static final String CORRECTION = "correction";
    public static final String CORRECTED_BY = "corrected_by";
    public static final String ITEM_DIGEST = "item_digest";
    public static final String COUNT_DUE_AT = "count_due_at";
    public static final String UPDATED_AT = "updated_at";

    private UsageCounts() {}
  }

  /**
   * Markers of applied commands that leave no document of their own, and refused keys ({@code code}
   * in place of an answer) for which the owner document has no room.
   */
  public static final class IdempotencyKeys {
    public static final String COLLECTION = "idempotency_keys";
    public static final String OWNER = "owner";
    public static final String OPERATION = "operation";
    public static final String REQUEST_HASH = "request_hash";
    public static final String ANSWER = "answer";

    /** Of a refused key: the code of the refusal, in place of an answer. */
    public static final String CODE = "code";

    public static final String CREATED_AT = "created_at";
    public static final String EXPIRE_AT = "expire_at";

    /** Of a debit by usage that took no credit: the call, as a transaction keeps it. */
    public static final String USAGE = "usage";

    public static final String COST_MICROS = "cost_micros";
    public static final String COST_EXACT = "cost_exact";
    public static final String MARKUP_PERCENT = "markup_percent";
    public static final String CHARGE_EXACT = "charge_exact";
    public static final String PRICE_VERSION = "price_version";
    public static final String PLANS_VERSION = "plans_version";
    public static final String ACCRUED_MICROS = "accrued_micros";
    public static final String JOB_ID = "job_id";
    public static final String DESCRIPTION = "description";

    private IdempotencyKeys() {}
  }

  /**
   * Who was erased, by whom, when, and how much: the proof that stays. One document for each user
   * or customer; its id is made of {@code subject}.
   */
  public static final class Erasures {
    public static final String COLLECTION = "erasures";

    /** The document that the person had, such as {@code users/u1}. */
    public static final String SUBJECT = "subject";

    public static final String USER_ID = "user_id";
    public static final String CUSTOMER_ID = "customer_id";

    /** {@code erasing} or {@code erased}. */
    public static final String STATUS = "status";

    /** Whether what jobs say is erased too. */
    public static final String JOB_TOPICS = "job_topics";

    public static final String STARTED_AT = "started_at";
    public static final String UPDATED_AT = "updated_at";
    public static final String FINISHED_AT = "finished_at";

    /** The latest requests: a list of {@code at, by, job_topics}. */
    public static final String REQUESTS = "requests";

    public static final String AT = "at";
    public static final String BY = "by";

    /** The collection that is being walked. */
    public static final String STEP = "step";

    /** The last document of it that was dealt with. */
    public static final String CURSOR = "cursor";

    /** How many documents were changed, by collection. */
    public static final String COUNTS = "counts";

    private Erasures() {}
  }

  /**
   * Commands that one instance asks another to commit for it, because the other is already writing
   * their owner document; id is random. Lives for seconds, or until it expires.
   */
  public static final class CommandRelays {
    public static final String COLLECTION = "command_relays";

    /** Hash of the owner document's name; removed when the commands are answered or recalled. */
    public static final String OPEN_FOR = "open_for";

    /** Name of the owner document, for people. */
    public static final String OWNER = "owner";

    /** The instance that wrote it; it names itself anew for each owner document. */
    public static final String AUTHOR = "author";

    /** Of this author's relays for this owner document, from 0; the id is made of both. */
    public static final String NUMBER = "number";

    /** The version of the commands' form, which the other instance must have too. */
    public static final String VERSION = "version";

    /** When the first of the commands was submitted, in real time. */
    public static final String SUBMITTED_AT = "submitted_at";

    /** The commands, as JSON text; removed when they are answered. */
    public static final String COMMANDS = "commands";

    /** A reply for each command that was decided, as JSON text. */
    public static final String ANSWERS = "answers";

    /** The instance that answered. */
    public static final String HOST = "host";

    public static final String EXPIRE_AT = "expire_at";

    private CommandRelays() {}
  }

  /**
   * When a scheduled sweep last ran, and where it stopped, so that the next run goes on from there;
   * id is the sweep's name.
   */
  public static final class Sweeps {
    public static final String COLLECTION = "sweeps";
    public static final String NAME = "name";
    public static final String CURSOR = "cursor";
    public static final String STARTED_AT = "started_at";
    public static final String UPDATED_AT = "updated_at";
    public static final String FINISHED_AT = "finished_at";

    private Sweeps() {}
  }
}
