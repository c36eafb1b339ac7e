package dev.meterkite.model;

import dev.meterkite.model.alerts.AlertFields;
import dev.meterkite.model.credits.holds.HoldCodec;
import dev.meterkite.model.credits.jobs.PodcastJob;
import dev.meterkite.model.credits.journal.TransactionCodec;
import dev.meterkite.model.credits.ledger.User;
import dev.meterkite.model.customers.CustomerFields;
import dev.meterkite.model.customers.FlagFields;
import dev.meterkite.model.customers.SceneFields;
import dev.meterkite.model.health.HealthFields;
import dev.meterkite.model.quotas.QuotaFields;
import dev.meterkite.model.routing.DecisionFields;
import dev.meterkite.model.schema.Table;
import dev.meterkite.model.usage.UsageRecordFields;
import java.util.List;

/** The tables of all collections that other programs share with us, and of the credit holds. */
public final class DataModel {
  /** In the order of the source schemas, ours last. */
  public static final List<Table> TABLES =
      List.of(
          PodcastJob.TABLE,
          User.TABLE,
          TransactionCodec.table(),
          HealthFields.TABLE,
          QuotaFields.TABLE,
          AlertFields.TABLE,
          DecisionFields.TABLE,
          CustomerFields.TABLE,
          SceneFields.TABLE,
          FlagFields.TABLE,
          UsageRecordFields.TABLE,
          HoldCodec.table());

  private DataModel() {}
}
