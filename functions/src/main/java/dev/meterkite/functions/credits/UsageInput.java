package dev.meterkite.functions.credits;

import dev.meterkite.functions.http.Fields;
import dev.meterkite.model.credits.ledger.Ledger;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.prices.CallUsage;
import dev.meterkite.model.prices.CallUsage.Quantity;
import dev.meterkite.model.prices.ProviderUsage;
import dev.meterkite.model.prices.SearchSize;
import dev.meterkite.model.prices.ServiceTier;
import dev.meterkite.model.quotas.QuotaRules;
import dev.meterkite.model.schema.Violation;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The {@code usage} of a request.
 *
 * @param usage what was consumed
 * @param at when; null for now
 */
record UsageInput(CallUsage usage, @Nullable Instant at) {
  private static final String FIELD = "usage";
  private static final int LONGEST_NAME = 300;
  private static final ProviderUsage.Result.Read NOTHING =
      new ProviderUsage.Result.Read(Map.of(), null, null);
  private static final BigDecimal MOST = BigDecimal.valueOf(CallUsage.MAX_QUANTITY);

  /**
   * The usage of a body, or null where it has none. One that is there and null is a fault: a caller
   * who lost it must not be charged by something else.
   */
  static @Nullable UsageInput optional(Fields body) {
    body.notNull(FIELD, "an object");
    Fields fields = body.optionalObject(FIELD);
    return fields == null ? null : parse(body, fields);
  }

  /** The usage of a body that needs one. */
  static UsageInput required(Fields body) {
    UsageInput usage = optional(body);
    if (usage != null) {
      return usage;
    }
    if (!body.isNamed(FIELD)) {
      body.fault(FIELD, Violation.REQUIRED, "is required, an object");
    }
    return new UsageInput(CallUsage.of("-", "-", Map.of()), null);
  }

  /** The amount of a body: required without usage, a fault beside one that can be read. */
  static long amountBeside(Fields body, @Nullable UsageInput usage) {
    if (usage == null) {
      return body.isNamed(FIELD)
          ? body.integer("amount", 1, Ledger.MAX_BALANCE, 1)
          : body.integer("amount", 1, Ledger.MAX_BALANCE);
    }
    body.notWith("amount", "must not be given beside usage");
    return 1;
  }

  private static UsageInput parse(Fields body, Fields fields) {
    String provider = fields.string("provider", 1, LONGEST_NAME);
    String modelId = fields.string("model_id", 1, LONGEST_NAME);
    if (!provider.isEmpty() && !modelId.isEmpty() && !isNamed(provider, modelId)) {
      fields.fault("model_id", "format", "must be, with provider, the name of a model");
    }
    Fields own = fields.optionalObject("provider_usage");
    ProviderUsage.Result.Read read =
        own == null ? stated(body, fields) : read(fields, ProviderUsage.of(own.members()));
    ServiceTier service = fields.optionalWord("service", ServiceTier.class);
    SearchSize size = fields.optionalWord("search_size", SearchSize.class);
    if (service == null) {
      service = read.service() == null ? ServiceTier.STANDARD : read.service();
    }
    return new UsageInput(
        new CallUsage(
            provider, modelId, read.quantities(), service, size == null ? read.searchSize() : size),
        fields.optionalMoment("at"));
  }

  /** What the provider's own object says; then no quantity may be given beside it. */
  private static ProviderUsage.Result.Read read(Fields fields, ProviderUsage.Result result) {
    for (Quantity quantity : Quantity.values()) {
      fields.notWith(quantity.field(), "must not be given beside provider_usage");
    }
    if (result instanceof ProviderUsage.Result.Fault fault) {
      String member = fault.member().isEmpty() ? "" : "." + fault.member();
      fields.fault("provider_usage" + member, Violation.INCONSISTENT, fault.message());
      return NOTHING;
    }
    return (ProviderUsage.Result.Read) result;
  }

  /** Whether provider and model make the id of a document. */
  private static boolean isNamed(String provider, String modelId) {
    return DocRef.isId(QuotaRules.id(provider, modelId));
  }

  private static ProviderUsage.Result.Read stated(Fields body, Fields fields) {
    Map<Quantity, BigDecimal> quantities = new EnumMap<>(Quantity.class);
    boolean stated = false;
    for (Quantity quantity : Quantity.values()) {
      String name = quantity.field();
      stated |= fields.has(name);
      BigDecimal count = null;
      if (quantity == Quantity.AUDIO_SECONDS) {
        count = fields.optionalDecimal(name, BigDecimal.ZERO, MOST);
        if (count != null && count.stripTrailingZeros().scale() > CallUsage.PLACES) {
          fields.fault(name, Violation.OUT_OF_RANGE, "must have at most three decimal places");
          count = null;
        }
      } else {
        Long whole = fields.optionalInteger(name, 0, CallUsage.MAX_QUANTITY);
        count = whole == null ? null : BigDecimal.valueOf(whole);
      }
      if (count != null) {
        quantities.put(quantity, count);
      }
    }
    if (!stated) {
      body.fault(FIELD, Violation.REQUIRED, "must say what was consumed, such as input_tokens");
    }
    CallUsage.Fault fault = CallUsage.fault(quantities);
    if (fault != null) {
      fields.fault(fault.quantity().field(), Violation.OUT_OF_RANGE, fault.message());
      return NOTHING;
    }
    return new ProviderUsage.Result.Read(quantities, null, null);
  }
}
