package dev.meterkite.model;

import dev.meterkite.model.alerts.Alert;
import dev.meterkite.model.credits.holds.HoldCodec;
import dev.meterkite.model.credits.jobs.PodcastJob;
import dev.meterkite.model.credits.journal.TransactionCodec;
import dev.meterkite.model.credits.ledger.User;
import dev.meterkite.model.customers.Customer;
import dev.meterkite.model.customers.FeatureFlags;
import dev.meterkite.model.customers.Scene;
import dev.meterkite.model.health.ProviderHealth;
import dev.meterkite.model.quotas.ModelQuota;
import dev.meterkite.model.routing.RoutingDecision;
import dev.meterkite.model.schema.Table;
import dev.meterkite.model.usage.UsageRecord;
import java.util.List;

/** The tables of all collections that other programs share with us, and of the credit holds. */
public final class DataModel {
  /** In the order of the source schemas, ours last. */
  public static final List<Table> TABLES =
      List.of(
          PodcastJob.TABLE,
          User.TABLE,
          TransactionCodec.table(),
          ProviderHealth.TABLE,
          ModelQuota.TABLE,
          Alert.TABLE,
          RoutingDecision.TABLE,
          Customer.TABLE,
          Scene.TABLE,
          FeatureFlags.TABLE,
          UsageRecord.TABLE,
          HoldCodec.table());

  private DataModel() {}
}
