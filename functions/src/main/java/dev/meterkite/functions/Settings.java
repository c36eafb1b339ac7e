package dev.meterkite.functions;

import dev.meterkite.model.plans.Threshold;
import dev.meterkite.model.stripe.TrialCredits;
import dev.meterkite.model.usage.RateCard;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The one place that reads the environment. An empty value counts as an absent one.
 *
 * <p>A value that makes no sense fails where it is first asked for, at the start of the process,
 * with an {@link IllegalArgumentException} that names the variable.
 */
public final class Settings {
  /** What a system property's name begins with that takes the place of a variable. */
  public static final String PROPERTY_PREFIX = "meterkite.env.";

  private static final Variable EMULATOR =
      new Variable(
          "FIRESTORE_EMULATOR_HOST", "", "host:port", "the emulator, in place of Firestore");
  private static final Variable PROJECT =
      new Variable(
          "GOOGLE_CLOUD_PROJECT", "", "project id", "where documents, logs, traces belong");
  private static final Variable ISSUERS =
      new Variable("TOKEN_ISSUERS", "[]", "JSON", "trusted token issuers; none by default");
  private static final Variable SERVICES =
      new Variable(
          "SERVICE_ACCOUNTS", "", "comma-separated", "e-mails or subjects of role service");
  private static final Variable SCHEDULERS =
      new Variable(
          "SCHEDULER_ACCOUNTS", "", "comma-separated", "e-mails or subjects of role scheduler");
  private static final Variable ORIGINS =
      new Variable(
          "ALLOWED_ORIGINS",
          "",
          "comma-separated",
          "origins whose pages may call functions for users, such as https://app.example.com;"
              + " loopback for any on this machine");
  private static final Variable GATEWAYS =
      new Variable(
          "GATEWAY_ACCOUNTS",
          "",
          "comma-separated",
          "e-mails or subjects of API gateways, whose X-Forwarded-Authorization names the caller");
  private static final Variable GRACE =
      new Variable("DRAIN_SECONDS", "8", "seconds", "how long SIGTERM waits for what is in flight");
  private static final Variable LOG_FORMAT =
      new Variable("LOG_FORMAT", "json", "json, jul", "json: Cloud Logging's form on stdout");
  private static final Variable FOREIGN_BALANCE =
      new Variable(
          "FOREIGN_BALANCE",
          "restore",
          "restore, adopt",
          "what to do when another program has changed credits_balance");
  private static final Variable LOW_BALANCE =
      new Variable(
          "LOW_BALANCE",
          "",
          "credits, or a percentage such as 20%",
          "below what a user's balance raises an alert: credits, or a part of what its tier grants"
              + " a month; by default no alerts");
  private static final Variable CREDITS_MODE =
      new Variable(
          "CREDITS_MODE",
          "live",
          "live, shadow",
          "shadow: credits decide and compare, write nothing");
  private static final Variable OPENAI_KEY =
      new Variable(
          "OPENAI_API_KEY",
          "",
          "API key",
          "for probes of OpenAI; without a key a provider is not probed");
  private static final Variable OPENAI_URL =
      new Variable("OPENAI_BASE_URL", "https://api.openai.com", "URL", "where OpenAI answers");
  private static final Variable ANTHROPIC_KEY =
      new Variable("ANTHROPIC_API_KEY", "", "API key", "for probes of Anthropic");
  private static final Variable ANTHROPIC_URL =
      new Variable("ANTHROPIC_BASE_URL", "https://api.anthropic.com", "URL", "where it answers");
  private static final Variable GOOGLE_KEY =
      new Variable("GOOGLE_API_KEY", "", "API key", "for probes of Google's Gemini API");
  private static final Variable GOOGLE_URL =
      new Variable(
          "GOOGLE_BASE_URL",
          "https://generativelanguage.googleapis.com",
          "URL",
          "where the Gemini API answers");
  private static final Variable ELEVENLABS_KEY =
      new Variable("ELEVENLABS_API_KEY", "", "API key", "for probes of ElevenLabs");
  private static final Variable ELEVENLABS_URL =
      new Variable("ELEVENLABS_BASE_URL", "https://api.elevenlabs.io", "URL", "where it answers");
  private static final Variable PROBE_DEADLINE =
      new Variable("PROBE_DEADLINE_MS", "8000", "milliseconds", "how long one probe may take");
  private static final Variable ALERT_WEBHOOK =
      new Variable("ALERT_WEBHOOK_URL", "", "URL", "takes alerts in the form that Slack takes");
  private static final Variable ALERT_TOPIC =
      new Variable("ALERT_TOPIC", "", "projects/P/topics/T", "the Pub/Sub topic that alerts go to");
  private static final Variable PUBSUB_EMULATOR =
      new Variable("PUBSUB_EMULATOR_HOST", "", "host:port", "the emulator, in place of Pub/Sub");

  private static final Variable STRIPE_SECRET =
      new Variable(
          "STRIPE_WEBHOOK_SECRET",
          "",
          "comma-separated",
          "signing secrets of the webhook, several while one is rotated; without one all are 401");
  private static final Variable STRIPE_PRICES =
      new Variable(
          "STRIPE_PRICES",
          "{}",
          "JSON",
          "what each price id of Stripe sells: a tier, the credits of a package, or null for"
              + " another product");
  private static final Variable STRIPE_TRIALS =
      new Variable(
          "STRIPE_TRIAL_CREDITS",
          "none",
          "none, share, full",
          "credits of a user's first trial: none, its days ÷ 30 of a month's, or a month's");
  private static final Variable STRIPE_SUBTOTALS =
      new Variable(
          "STRIPE_SUBTOTALS",
          "off",
          "on, off",
          "whether a session that names only its user sold the package whose price its subtotal"
              + " is");

  private static final Variable CONFIG_FILE =
      new Variable(
          "CUSTOMER_CONFIG_FILE", "", "path", "JSON: collection, id, fields of configuration");
  private static final Variable CONFIG_MODE =
      new Variable(
          "CUSTOMER_CONFIG_MODE",
          "fallback",
          "fallback, override",
          "whether the file stands in for documents that cannot be read, or over all");

  private static final Variable RATE_CARD =
      new Variable(
          "RATE_CARD",
          "episode=0.03,compute_minute=0.00144,storage_gb_month=0.02",
          "USD",
          "what usage costs whose producer gives no cost");
  private static final Variable USAGE_CLOSE_DAYS =
      new Variable(
          "USAGE_CLOSE_DAYS", "3", "days, 0 to 28", "from the end of a month to its closing");
  private static final Variable USAGE_CHECK_DAYS =
      new Variable(
          "USAGE_CHECK_DAYS",
          "3",
          "days, 0 to 31",
          "how far back summaries are compared with records; 0: not at all");

  private static final Variable FOCUS_PROVIDER =
      new Variable(
          "FOCUS_PROVIDER",
          "Meterkite",
          "text",
          "ServiceName, ProviderName and PublisherName of FOCUS reports");
  private static final Variable FOCUS_ISSUER =
      new Variable(
          "FOCUS_ISSUER",
          "",
          "text",
          "InvoiceIssuerName of FOCUS reports; by default the provider");

  private static final Variable CLOCK =
      new Variable("CLOCK_FILE", "", "path", "the offset of a clock that can be moved");

  /** All variables, for the README and its test. */
  public static final List<Variable> VARIABLES =
      List.of(
          EMULATOR,
          PROJECT,
          ISSUERS,
          SERVICES,
          SCHEDULERS,
          ORIGINS,
          GATEWAYS,
          GRACE,
          LOG_FORMAT,
          FOREIGN_BALANCE,
          LOW_BALANCE,
          CREDITS_MODE,
          CONFIG_FILE,
          CONFIG_MODE,
          OPENAI_KEY,
          OPENAI_URL,
          ANTHROPIC_KEY,
          ANTHROPIC_URL,
          GOOGLE_KEY,
          GOOGLE_URL,
          ELEVENLABS_KEY,
          ELEVENLABS_URL,
          PROBE_DEADLINE,
          ALERT_WEBHOOK,
          ALERT_TOPIC,
          PUBSUB_EMULATOR,
          RATE_CARD,
          USAGE_CLOSE_DAYS,
          USAGE_CHECK_DAYS,
          FOCUS_PROVIDER,
          FOCUS_ISSUER,
          STRIPE_SECRET,
          STRIPE_PRICES,
          STRIPE_TRIALS,
          STRIPE_SUBTOTALS,
          CLOCK);

  private static final Map<String, List<Variable>> PROVIDERS =
      Map.of(
          "openai", List.of(OPENAI_KEY, OPENAI_URL),
          "anthropic", List.of(ANTHROPIC_KEY, ANTHROPIC_URL),
          "google", List.of(GOOGLE_KEY, GOOGLE_URL),
          "elevenlabs", List.of(ELEVENLABS_KEY, ELEVENLABS_URL));

  private final Map<String, String> values;

  /**
   * One environment variable.
   *
   * @param name its name
   * @param byDefault what stands for it when it is absent
   * @param unit what its value is counted in or made of
   * @param meaning what it decides
   */
  public record Variable(String name, String byDefault, String unit, String meaning) {}

  /** Settings from these variables alone. */
  public Settings(Map<String, String> values) {
    this.values = Map.copyOf(values);
  }

  /**
   * The settings of this process: its environment, overlaid by the system properties named {@value
   * #PROPERTY_PREFIX} and the variable. By these a host configures functions in its own JVM.
   */
  public static Settings ofProcess() {
    Map<String, String> all = new HashMap<>(System.getenv());
    for (String property : System.getProperties().stringPropertyNames()) {
      if (property.startsWith(PROPERTY_PREFIX)) {
        all.put(property.substring(PROPERTY_PREFIX.length()), System.getProperty(property, ""));
      }
    }
    return new Settings(all);
  }

  /** Where the Firestore emulator listens, {@code host:port}; empty for the real Firestore. */
  public Optional<String> firestoreEmulatorHost() {
    return Optional.of(text(EMULATOR)).filter(host -> !host.isEmpty());
  }

  /** The Google Cloud project; empty where none is set. */
  public Optional<String> project() {
    return Optional.of(text(PROJECT)).filter(id -> !id.isEmpty());
  }

  /** The issuers of tokens, as a JSON array. */
  public String tokenIssuers() {
    return text(ISSUERS);
  }

  /** Accounts that have the role service. */
  public Set<String> serviceAccounts() {
    return list(SERVICES);
  }

  /** Accounts that have the role scheduler. */
  public Set<String> schedulerAccounts() {
    return list(SCHEDULERS);
  }

  /** The origins whose pages may call functions for users; none by default. */
  public Set<String> allowedOrigins() {
    return list(ORIGINS);
  }

  /** Accounts of API gateways, which forward the tokens of their callers. */
  public Set<String> gatewayAccounts() {
    return list(GATEWAYS);
  }

  /** How long a stopping process waits for requests in flight: 0 to 60 seconds. */
  public Duration drainGrace() {
    String seconds = text(GRACE);
    if (!seconds.matches("[0-9]{1,2}") || Integer.parseInt(seconds) > 60) {
      throw unusable(GRACE, seconds);
    }
    return Duration.ofSeconds(Integer.parseInt(seconds));
  }

  /**
   * Whether the process's log goes to standard output as JSON; else it stays as the host set it.
   */
  public boolean logsJson() {
    return choice(LOG_FORMAT, "json", "jul").equals("json");
  }

  /** Whether a balance that another program changed is booked; else it is put back. */
  public boolean adoptsForeignBalance() {
    return choice(FOREIGN_BALANCE, "restore", "adopt").equals("adopt");
  }

  /** When the balance of a user without a threshold of its own is low. */
  public Threshold lowBalance() {
    try {
      return Threshold.parse(text(LOW_BALANCE));
    } catch (IllegalArgumentException e) {
      throw unusable(LOW_BALANCE, text(LOW_BALANCE));
    }
  }

  /**
   * Whether the functions of credits only say what they would do, beside an older system that keeps
   * the balances.
   */
  public boolean shadowsCredits() {
    return choice(CREDITS_MODE, "live", "shadow").equals("shadow");
  }

  /** The file that configuration falls back to or is overridden by; empty for none. */
  public Optional<Path> customerConfigFile() {
    return Optional.of(text(CONFIG_FILE)).filter(file -> !file.isEmpty()).map(Path::of);
  }

  /** Whether the fields of the file stand over those of Firestore, and not only in for them. */
  public boolean customerConfigOverrides() {
    return choice(CONFIG_MODE, "fallback", "override").equals("override");
  }

  /** The key for a provider's probes; empty where it is not to be probed. */
  public Optional<String> providerKey(String provider) {
    List<Variable> variables = PROVIDERS.get(provider);
    return variables == null
        ? Optional.empty()
        : Optional.of(text(variables.get(0))).filter(key -> !key.isEmpty());
  }

  /**
   * Where a provider with a key answers, without a slash at the end.
   *
   * @throws IllegalArgumentException for a provider that has no setting
   */
  public URI providerUrl(String provider) {
    List<Variable> variables = PROVIDERS.get(provider);
    if (variables == null) {
      throw new IllegalArgumentException("no settings for " + provider);
    }
    return url(variables.get(1));
  }

  /** How long one probe may take: 1 to 20,000 ms. */
  public Duration probeDeadline() {
    String millis = text(PROBE_DEADLINE);
    if (!millis.matches("[1-9][0-9]{0,4}") || Integer.parseInt(millis) > 20_000) {
      throw unusable(PROBE_DEADLINE, millis);
    }
    return Duration.ofMillis(Integer.parseInt(millis));
  }

  /** Where alerts are posted; empty where nobody is told. */
  public Optional<URI> alertWebhook() {
    return text(ALERT_WEBHOOK).isEmpty() ? Optional.empty() : Optional.of(url(ALERT_WEBHOOK));
  }

  /** What usage costs whose producer does not say. */
  public RateCard rateCard() {
    try {
      return RateCard.parse(text(RATE_CARD));
    } catch (IllegalArgumentException e) {
      throw unusable(RATE_CARD, text(RATE_CARD));
    }
  }

  /** How long after its end a month takes late records. */
  public Duration usageClosesAfter() {
    return Duration.ofDays(days(USAGE_CLOSE_DAYS, 28));
  }

  /** Who sells what is used, by name. */
  public String focusProvider() {
    return text(FOCUS_PROVIDER);
  }

  /** Who sends the invoices for it, by name. */
  public String focusIssuer() {
    String issuer = text(FOCUS_ISSUER);
    return issuer.isEmpty() ? focusProvider() : issuer;
  }

  /** How many days before today summaries are compared with records; 0 for not at all. */
  public int usageCheckDays() {
    return days(USAGE_CHECK_DAYS, 31);
  }

  private int days(Variable variable, int most) {
    String text = text(variable);
    if (!text.matches("[0-9]{1,2}") || Integer.parseInt(text) > most) {
      throw unusable(variable, text);
    }
    return Integer.parseInt(text);
  }

  /** The Pub/Sub topic that alerts go to; empty for none. */
  public Optional<String> alertTopic() {
    String topic = text(ALERT_TOPIC);
    if (!topic.isEmpty()
        && !topic.matches("projects/[a-z0-9.:-]+/topics/[A-Za-z][A-Za-z0-9._~+%-]{2,254}")) {
      throw unusable(ALERT_TOPIC, topic);
    }
    return topic.isEmpty() ? Optional.empty() : Optional.of(topic);
  }

  /** Where the Pub/Sub emulator listens, {@code host:port}; empty for the real Pub/Sub. */
  public Optional<String> pubSubEmulatorHost() {
    return Optional.of(text(PUBSUB_EMULATOR)).filter(host -> !host.isEmpty());
  }

  /** The secrets by which Stripe signs webhooks; none means that none is taken. */
  public Set<String> stripeWebhookSecrets() {
    return list(STRIPE_SECRET);
  }

  /** What the prices at Stripe stand for, as a JSON object. */
  public String stripePrices() {
    return text(STRIPE_PRICES);
  }

  /** What trials at Stripe give. */
  public TrialCredits stripeTrialCredits() {
    String value = text(STRIPE_TRIALS);
    return TrialCredits.parse(value).orElseThrow(() -> unusable(STRIPE_TRIALS, value));
  }

  /** Whether a session's subtotal alone says which package it sold. */
  public boolean stripeSubtotals() {
    return choice(STRIPE_SUBTOTALS, "on", "off").equals("on");
  }

  private URI url(Variable variable) {
    String text = text(variable);
    if (!text.matches("https?://[^\\s]+")) {
      throw unusable(variable, "<a URL is not shown>");
    }
    return URI.create(text.endsWith("/") ? text.substring(0, text.length() - 1) : text);
  }

  /** The file that {@link DomainClock} reads; empty for the system clock, as in the cloud. */
  public Optional<Path> domainClockFile() {
    return Optional.of(text(CLOCK)).filter(file -> !file.isEmpty()).map(Path::of);
  }

  private String text(Variable variable) {
    String value = values.getOrDefault(variable.name(), "").strip();
    return value.isEmpty() ? variable.byDefault() : value;
  }

  private Set<String> list(Variable variable) {
    Set<String> items = new LinkedHashSet<>();
    for (String item : text(variable).split(",", -1)) {
      if (!item.isBlank()) {
        items.add(item.strip());
      }
    }
    return Set.copyOf(items);
  }

  private String choice(Variable variable, String one, String other) {
    String value = text(variable);
    if (!value.equals(one) && !value.equals(other)) {
      throw unusable(variable, value);
    }
    return value;
  }

  private static IllegalArgumentException unusable(Variable variable, String value) {
    return new IllegalArgumentException(
        variable.name() + " must be of the form " + variable.unit() + ", not: " + value);
  }
}
