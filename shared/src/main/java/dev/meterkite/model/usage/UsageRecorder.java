package dev.meterkite.model.usage;

import dev.meterkite.model.command.Decision;
import dev.meterkite.model.command.Read;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.UsageCounts;
import dev.meterkite.model.schema.Schema.UsageTracking;
import dev.meterkite.model.usage.CountedUsage.Identity;
import dev.meterkite.model.usage.SummaryCalendar.Placed;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Decides the items of a record-usage request for one customer, one after the other. */
final class UsageRecorder {
  private static final long SCHEMA_VERSION = 1;

  private final Fold fold;
  private final RateCard rates;
  private final UsageCommand.RecordItems input;

  /** Digests of what this command has recorded, by id. */
  private final Map<String, String> recorded = new HashMap<>();

  private final Set<String> corrected = new HashSet<>();
  private final List<Map<String, Object>> results = new ArrayList<>();
  private final List<UsageOutcome> refusals = new ArrayList<>();

  UsageRecorder(Fold fold, RateCard rates, UsageCommand.RecordItems input) {
    this.fold = fold;
    this.rates = rates;
    this.input = input;
  }

  /** What has to be read for these items: only for keys of their own and for corrections. */
  static List<Read> reads(List<UsageItem> items) {
    List<Read> reads = new ArrayList<>();
    for (UsageItem item : items) {
      if (item.ownKey()) {
        reads.add(new Read.Get(UsageIds.countsRef(item.id())));
      }
      if (item.corrects() != null) {
        reads.add(new Read.Get(UsageIds.countsRef(item.corrects())));
        reads.add(new Read.Get(UsageIds.recordRef(item.corrects())));
      }
    }
    return reads.stream().distinct().toList();
  }

  Decision<MeterState> decide() {
    if (!fold.state().exists()) {
      return refused(UsageOutcome.UNKNOWN_CUSTOMER);
    }
    List<Read> unseen = fold.missing(reads(input.items()));
    if (!unseen.isEmpty()) {
      return new Decision.NeedsReads<>(unseen);
    }
    input.items().forEach(this::take);
    if (refusals.size() == results.size() && Set.copyOf(refusals).size() == 1) {
      return refused(refusals.get(0));
    }
    return fold.applied(answer());
  }

  private void take(UsageItem item) {
    String digest = digest(item);
    String known = known(item);
    if (known != null) {
      if (known.equals(digest)) {
        results.add(result(item.id(), "duplicate", null));
      } else {
        refuse(item, UsageOutcome.IDEMPOTENCY_CONFLICT);
      }
      return;
    }
    UsageOutcome refusal = item.corrects() == null ? record(item) : correct(item, item.corrects());
    if (refusal == null) {
      recorded.put(item.id(), digest);
    } else {
      refuse(item, refusal);
    }
  }

  /** The digest of the item that made the record of this id; null if there is none. */
  private @Nullable String known(UsageItem item) {
    String here = recorded.get(item.id());
    if (here != null || !item.ownKey()) {
      return here;
    }
    Snapshot counts = fold.seen().document(UsageIds.countsRef(item.id()));
    return counts.exists() ? String.valueOf(counts.fields().get(UsageCounts.ITEM_DIGEST)) : null;
  }

  /** Stands for what the item says; not for the rate card, which may change in between. */
  private static String digest(UsageItem item) {
    if (item.said() != null) {
      return UsageFigures.sha256(item.said(), 16);
    }
    Long cost = item.figures().costMicros();
    String figures = item.figures().digest(item.id(), cost == null ? -1 : cost);
    return item.corrects() == null
        ? figures
        : UsageFigures.sha256(figures + item.correction() + item.corrects(), 16);
  }

  private @Nullable UsageOutcome record(UsageItem item) {
    UsageFigures figures = item.figures();
    Instant quotaPeriod = figures.isScene() ? fold.periodOf(figures.timestamp()) : null;
    boolean over = false;
    if (quotaPeriod != null) {
      if (!fold.terms().activeAt(fold.now)) {
        return UsageOutcome.CONTRACT_INACTIVE;
      }
      over = !fold.fits(quotaPeriod);
      if (over && !fold.terms().soft()) {
        return UsageOutcome.QUOTA_EXCEEDED;
      }
    }
    Amounts amounts = amounts(figures);
    Placed placed = place(item, amounts);
    long scenes = quotaPeriod == null ? 0 : 1;
    create(item, placed, over, counted(item, placed, scenes, quotaPeriod, null));
    return null;
  }

  private Amounts amounts(UsageFigures figures) {
    return figures.amounts(rates, figures.costMicros() == null);
  }

  private @Nullable UsageOutcome correct(UsageItem item, String targetId) {
    Snapshot document = fold.seen().document(UsageIds.countsRef(targetId));
    CountedUsage target = CountedUsageCodec.decode(document);
    Identity identity = target.figures();
    if (identity == null
        || target.countDueAt() != null
        || !identity.customerId().equals(fold.customerId)
        || !fold.seen().document(UsageIds.recordRef(targetId)).exists()) {
      return UsageOutcome.UNKNOWN_RECORD;
    }
    if (target.correctedBy() != null
        || target.correction() == Correction.VOID
        || corrected.contains(targetId)) {
      return UsageOutcome.ALREADY_CORRECTED;
    }
    if (!identity.equals(Identity.of(item.figures()))) {
      return UsageOutcome.CORRECTION_MISMATCH;
    }
    boolean isVoid = item.correction() == Correction.VOID;
    Amounts stated = isVoid ? Amounts.ZERO : amounts(item.figures());
    Placed placed = place(item, stated.minus(target.effective()));
    long scenes = isVoid && target.quotaPeriod() != null ? -1 : 0;
    create(item, placed, false, counted(item, placed, scenes, target.quotaPeriod(), stated));
    corrected.add(targetId);
    Map<String, Object> mark = Map.of(UsageTracking.CORRECTED_BY, item.id());
    fold.write(new Write.Update(UsageIds.recordRef(targetId), mark));
    fold.write(
        new Write.Update(
            UsageIds.countsRef(targetId), Map.of(UsageCounts.CORRECTED_BY, item.id())));
    return null;
  }

  private Placed place(UsageItem item, Amounts amounts) {
    return fold.book()
        .place(
            List.of(),
            fold.customerId,
            item.figures().day(),
            item.figures().action(),
            amounts,
            fold.state().closedMonth(),
            fold.now);
  }

  private CountedUsage counted(
      UsageItem item,
      Placed placed,
      long scenes,
      @Nullable Instant quotaPeriod,
      @Nullable Amounts stated) {
    return new CountedUsage(
        item.id(),
        Identity.of(item.figures()),
        placed.parts(),
        scenes,
        quotaPeriod,
        stated,
        placed.lateFor(),
        item.corrects(),
        item.correction(),
        null,
        item.ownKey() ? digest(item) : null,
        null);
  }

  private void create(UsageItem item, Placed placed, boolean over, CountedUsage counted) {
    fold.scenes(counted.scenes(), counted.quotaPeriod());
    fold.parts(List.of(), placed.parts());
    fold.write(new Write.Create(UsageIds.recordRef(item.id()), document(item, over, counted)));
    fold.write(
        new Write.Create(
            UsageIds.countsRef(item.id()), CountedUsageCodec.encode(counted, fold.now)));
    Map<String, Object> result = result(item.id(), "recorded", null);
    if (over) {
      result.put(UsageTracking.OVER_QUOTA, true);
    }
    if (placed.lateFor() != null) {
      result.put(UsageTracking.LATE_FOR, placed.lateFor().toString());
    }
    results.add(result);
  }

  private Map<String, Object> document(UsageItem item, boolean over, CountedUsage counted) {
    UsageFigures figures = item.figures();
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(UsageTracking.SCHEMA_VERSION, SCHEMA_VERSION);
    fields.put(UsageTracking.CUSTOMER_ID, figures.customerId());
    fields.put(UsageTracking.SCENE_ID, figures.sceneId());
    fields.put(UsageTracking.ACTION, figures.action());
    fields.put(UsageTracking.TIMESTAMP, figures.timestamp());
    if (!item.details().isEmpty()) {
      fields.put(UsageTracking.DETAILS, item.details());
    }
    if (figures.episodes() != null) {
      fields.put(UsageTracking.EPISODES_GENERATED, figures.episodes());
    }
    if (figures.computeMs() != null) {
      fields.put(UsageTracking.COMPUTE_MINUTES, UsageFields.minutes(figures.computeMs()));
    }
    if (figures.storageBytes() != null) {
      fields.put(UsageTracking.STORAGE_GB, UsageFields.gigabytes(figures.storageBytes()));
    }
    fields.put(UsageTracking.BILLABLE, figures.billable());
    boolean priced = figures.costMicros() == null;
    fields.putAll(StoredUsage.derived(item.id(), figures.withCost(figures.cost(rates)), priced));
    fields.put(UsageTracking.RECORDED_AT, fold.now);
    if (over) {
      fields.put(UsageTracking.OVER_QUOTA, true);
    }
    if (counted.lateFor() != null) {
      fields.put(UsageTracking.LATE_FOR, counted.lateFor().toString());
    }
    if (item.corrects() != null && item.correction() != null) {
      fields.put(UsageTracking.CORRECTS, item.corrects());
      fields.put(UsageTracking.CORRECTION, item.correction().wire());
    }
    return fields;
  }

  private void refuse(UsageItem item, UsageOutcome outcome) {
    refusals.add(outcome);
    results.add(result(item.id(), "refused", outcome.code()));
  }

  private Decision.Refused<MeterState> refused(UsageOutcome outcome) {
    return refused(fold.state(), fold.now, input, outcome);
  }

  /** The refusal of every item with one code, with the figures of the moment. */
  static Decision.Refused<MeterState> refused(
      MeterState state, Instant now, UsageCommand.RecordItems input, UsageOutcome outcome) {
    Map<String, Object> figures = new LinkedHashMap<>();
    if (outcome == UsageOutcome.QUOTA_EXCEEDED) {
      figures.put("quota", state.terms().quota());
      figures.put("used", state.counter().at(now, state.terms()).scenes());
    }
    if (!input.alone()) {
      figures.put(
          "results",
          input.items().stream()
              .map(item -> result(item.id(), "refused", outcome.code()))
              .toList());
    }
    return new Decision.Refused<>(outcome, figures);
  }

  private Map<String, Object> answer() {
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("results", results);
    return answer;
  }

  private static Map<String, Object> result(String id, String status, @Nullable String code) {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("id", id);
    result.put("status", status);
    if (code != null) {
      result.put("code", code);
    }
    return result;
  }
}
