package dev.meterkite.functions.prices;

import dev.meterkite.functions.store.ConditionalUpdate;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.alerts.AlertStatus;
import dev.meterkite.model.alerts.AlertSubject;
import dev.meterkite.model.alerts.AlertType;
import dev.meterkite.model.alerts.Alerts;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.FieldValues;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.prices.PriceStatus;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema.ModelPrices;
import dev.meterkite.model.schema.Schema.ModelRouterAlerts;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * The alerts of prices that an import holds back until a person has looked at them.
 *
 * <p>An import that holds prices raises one alert for each of their providers. It is resolved once
 * no model of the provider has a held version as its latest: a person has activated it, deleted it,
 * or written a later one.
 */
final class HeldPrices {
  /** The most alerts, and held versions of a provider, that are looked at in one run. */
  private static final int MOST = 100;

  private static final int MOST_NAMED = 5;

  private HeldPrices() {}

  /**
   * The alert of an import.
   *
   * @param rows the keys of the prices that it holds, at least one
   */
  static Mutation alert(String provider, List<String> rows, Instant now) {
    String named = String.join(", ", rows.subList(0, Math.min(MOST_NAMED, rows.size())));
    String more = rows.size() > MOST_NAMED ? " and " + (rows.size() - MOST_NAMED) + " more" : "";
    String message =
        "prices that are held until a person activates or corrects them: " + named + more;
    AlertSubject subject = AlertSubject.provider(provider);
    Write.Merge alert =
        Alerts.once(AlertType.PRICE_HELD, subject, "import of " + now, message, now);
    return Mutation.blind(alert.ref(), alert.fields(), Map.of());
  }

  /** Resolves the alerts of providers that have no held price any more; how many. */
  static long resolve(Store store, Instant now) {
    long resolved = 0;
    Query open = Queries.alertsOfType(AlertType.PRICE_HELD.wire(), AlertStatus.OPEN.wire(), MOST);
    for (Snapshot alert : store.find(open).join()) {
      String provider = FieldValues.text(alert.fields().get(ModelRouterAlerts.PROVIDER));
      if ((provider == null || !isHeld(store, provider)) && resolve(store, alert, now)) {
        resolved++;
      }
    }
    return resolved;
  }

  /** Whether this run resolved it; another one may have, or it may be gone. */
  private static boolean resolve(Store store, Snapshot alert, Instant now) {
    return ConditionalUpdate.tryCommit(
        store,
        List.of(Mutation.update(alert.ref(), Alerts.resolve(alert, now), alert.updateTime())));
  }

  private static boolean isHeld(Store store, String provider) {
    List<Snapshot> held =
        store
            .find(Queries.pricesInStatus(provider, PriceStatus.HELD.wire(), MOST, List.of()))
            .join();
    return held.size() == MOST || held.stream().anyMatch(each -> isLatest(store, provider, each));
  }

  private static boolean isLatest(Store store, String provider, Snapshot held) {
    String model = FieldValues.text(held.fields().get(ModelPrices.MODEL_ID));
    return model == null
        || store.find(Queries.pricesOf(provider, model, 1)).join().stream()
            .allMatch(latest -> latest.ref().equals(held.ref()));
  }
}
