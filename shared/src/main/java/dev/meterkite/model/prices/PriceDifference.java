package dev.meterkite.model.prices;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a public price file changes in the prices that are there.
 *
 * <p>A model that has no price gets one from now on. A change counts from the next full minute that
 * is at least {@link #NOTICE} away, so that every process has read it by then; the version before
 * ends there. A price that changed by more than {@value #MOST_TIMES} times, to 0 or from 0, is
 * written as held, and the one before goes on. A row that is gone, or is no price any more, takes
 * nothing away: a price whose row is gone ends, others stay. Versions that are locked, or that come
 * from elsewhere, are left alone.
 *
 * @param changes in the order of the file, then what is gone
 */
public record PriceDifference(List<Change> changes) {
  /** The name of the file in {@code source}. */
  public static final String SOURCE = "litellm";

  /** How long before it counts a change is written. */
  public static final Duration NOTICE = Duration.ofMinutes(1);

  private static final int MOST_TIMES = 5;

  /** What happens to a model. */
  public enum What {
    NEW,
    CHANGED,
    SAME,
    /** A person has to look at it; what was there goes on. */
    HELD,
    /** It was edited by hand. */
    LOCKED,
    /** Its row is gone: the price ends. */
    GONE,
    /** Its row is no price any more; what was there goes on. */
    KEPT,
    /** It has no price, and gets none. */
    LEFT_OUT
  }

  /**
   * What happens to a model.
   *
   * @param key the row's key
   * @param why for what is held, kept or left out
   * @param before the version that ends, null for none
   * @param after the version that is written, null for none
   */
  public record Change(
      What what,
      String key,
      String why,
      @Nullable PriceVersion before,
      @Nullable PriceVersion after) {}

  private record Model(String provider, String modelId) {}

  public PriceDifference {
    changes = List.copyOf(changes);
  }

  /**
   * The difference.
   *
   * @param rows all rows of the file
   * @param there all versions that are there
   * @param only providers to look at; empty for all
   * @param revision of the file
   */
  public static PriceDifference of(
      List<PublicPrice> rows,
      List<PriceVersion> there,
      Set<String> only,
      String revision,
      Instant now) {
    Map<Model, List<PriceVersion>> byModel = new HashMap<>();
    Map<String, List<PriceVersion>> byKey = new LinkedHashMap<>();
    for (PriceVersion version : there) {
      byModel
          .computeIfAbsent(
              new Model(version.provider(), version.modelId()), model -> new ArrayList<>())
          .add(version);
      String key = rowKey(version);
      if (key != null) {
        byKey.computeIfAbsent(key, each -> new ArrayList<>()).add(version);
      }
    }
    List<Change> changes = new ArrayList<>();
    Set<String> keys = new HashSet<>();
    for (PublicPrice row : rows) {
      keys.add(row.key());
      PublicPrice.Price price = row.price();
      if (price == null) {
        PriceVersion old = current(byKey.getOrDefault(row.key(), List.of()), now);
        if (old == null || isIn(only, old.provider())) {
          changes.add(
              new Change(
                  old == null ? What.LEFT_OUT : What.KEPT, row.key(), row.reason(), old, null));
        }
      } else if (isIn(only, price.provider())) {
        Model model = new Model(price.provider(), price.modelId());
        changes.add(change(row, price, byModel.getOrDefault(model, List.of()), revision, now));
      }
    }
    byKey.forEach(
        (key, versions) -> {
          PriceVersion old = current(versions, now);
          if (old != null && !keys.contains(key) && isIn(only, old.provider()) && !old.locked()) {
            changes.add(new Change(What.GONE, key, "", old, null));
          }
        });
    return new PriceDifference(changes);
  }

  private static boolean isIn(Set<String> only, String provider) {
    return only.isEmpty() || only.contains(provider);
  }

  private static @Nullable String rowKey(PriceVersion version) {
    PriceSource source = version.source();
    return source != null && source.name().equals(SOURCE) ? source.rowKey() : null;
  }

  /** The version that counts last; null where none does from now on. */
  private static @Nullable PriceVersion current(List<PriceVersion> versions, Instant now) {
    return versions.stream()
        .filter(each -> each.status() != PriceStatus.HELD)
        .filter(each -> each.effectiveTo() == null || each.effectiveTo().isAfter(now))
        .max(Comparator.comparing(PriceVersion::effectiveFrom))
        .orElse(null);
  }

  private static Change change(
      PublicPrice row,
      PublicPrice.Price price,
      List<PriceVersion> there,
      String revision,
      Instant now) {
    PriceVersion old = current(there, now);
    if (there.stream().anyMatch(each -> each.locked() && isOpen(each, now))
        || (old != null && rowKey(old) == null)) {
      return new Change(What.LOCKED, row.key(), "", old, null);
    }
    String why = row.kind() == PublicPrice.Kind.HELD ? row.reason() + " " + row.detail() : "";
    if (why.isEmpty() && old != null) {
      if (isSame(old, price)) {
        return new Change(What.SAME, row.key(), "", old, null);
      }
      why = jump(old, price);
    }
    Instant from = now.truncatedTo(ChronoUnit.SECONDS);
    if (!why.isEmpty()) {
      boolean known =
          there.stream().anyMatch(each -> each.status() == PriceStatus.HELD && has(each, price));
      return new Change(
          What.HELD,
          row.key(),
          why.strip(),
          null,
          known ? null : version(price, PriceStatus.HELD, from, revision, now));
    }
    if (old == null) {
      return new Change(
          What.NEW, row.key(), "", null, version(price, price.status(), from, revision, now));
    }
    Instant next = nextMinute(now.isAfter(old.effectiveFrom()) ? now : old.effectiveFrom());
    return new Change(
        What.CHANGED, row.key(), "", old, version(price, price.status(), next, revision, now));
  }

  private static boolean isOpen(PriceVersion version, Instant now) {
    return version.effectiveTo() == null || version.effectiveTo().isAfter(now);
  }

  /** When a change that is written now counts, or a price that is gone ends. */
  public static Instant nextMinute(Instant now) {
    return now.plus(NOTICE)
        .plus(Duration.ofMinutes(1))
        .minusNanos(1)
        .truncatedTo(ChronoUnit.MINUTES);
  }

  private static PriceVersion version(
      PublicPrice.Price price, PriceStatus status, Instant from, String revision, Instant now) {
    return new PriceVersion(
        price.provider(),
        price.modelId(),
        price.mode(),
        from,
        null,
        price.deprecatedOn(),
        status,
        new PriceSource(SOURCE, revision, price.modelId(), now),
        false,
        price.components());
  }

  private static boolean has(PriceVersion version, PublicPrice.Price price) {
    return Set.copyOf(version.components()).equals(Set.copyOf(price.components()));
  }

  private static boolean isSame(PriceVersion old, PublicPrice.Price price) {
    return has(old, price)
        && old.status() == price.status()
        && Objects.equals(old.deprecatedOn(), price.deprecatedOn());
  }

  /** What changed by so much that a person has to look at it; empty for nothing. */
  private static String jump(PriceVersion old, PublicPrice.Price price) {
    Map<PriceComponent, Long> before = new HashMap<>();
    old.components().forEach(each -> before.put(where(each), each.price()));
    for (PriceComponent each : price.components()) {
      Long was = before.get(where(each));
      boolean zero = was != null && (was == 0) != (each.price() == 0);
      boolean far =
          was != null && (each.price() / MOST_TIMES > was || was / MOST_TIMES > each.price());
      if (zero || far) {
        return "changed from " + was + " to " + each.price() + " " + each.meter().wire();
      }
    }
    return "";
  }

  private static PriceComponent where(PriceComponent each) {
    return new PriceComponent(
        each.meter(), each.unit(), 0, each.step(), each.service(), each.searchSize());
  }
}
