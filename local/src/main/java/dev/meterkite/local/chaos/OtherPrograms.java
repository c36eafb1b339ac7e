package dev.meterkite.local.chaos;

import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.local.Pages;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.Customers;
import dev.meterkite.model.schema.Schema.UsageTracking;
import dev.meterkite.model.schema.Schema.Users;
import dev.meterkite.model.usage.UsageIds;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What programs do to documents that know nothing of the functions. */
public final class OtherPrograms {
  private final Store store;
  private final InstantSource clock;
  private final World world;
  private final Journal journal;
  private final List<String> foreignRecords = new ArrayList<>();

  /**
   * @param clock the domain's time
   * @param journal learns of everything that the audit must know
   */
  public OtherPrograms(Store store, InstantSource clock, World world, Journal journal) {
    this.store = store;
    this.clock = clock;
    this.world = world;
    this.journal = journal;
  }

  /** A balance far from any that can be right, one below zero, or a text. */
  public void changeBalance(long pick) {
    Snapshot user = user(pick);
    if (user.fields().get(Users.LEDGER) == null) {
      return; // What stands there before the first use is the opening balance.
    }
    Object balance =
        switch ((int) (pick % 4)) {
          case 0 -> -7L;
          case 1 -> "many";
          default -> 5_000_000L + pick % 1_000;
        };
    journal.foreignBalances.merge(user.ref().id(), 1L, Long::sum);
    World.write(
        store, Mutation.blind(user.ref(), Map.of(Users.CREDITS_BALANCE, balance), Map.of()));
  }

  private Snapshot user(long pick) {
    String id = world.user((int) (pick / 7 % world.users()));
    return Pages.read(store, List.of(CreditRefs.user(id))).get(0);
  }

  /** Sets a user anew, without its ledger. */
  public void wipeLedger(long pick) {
    Snapshot user = user(pick);
    Map<String, Object> fields = new HashMap<>();
    for (String name : List.of(Users.USER_ID, Users.EMAIL, Users.TIER, Users.CREDITS_BALANCE)) {
      Object value = user.fields().get(name);
      if (value != null) {
        fields.put(name, value);
      }
    }
    journal.wipes(user.ref().id());
    World.write(store, Mutation.replace(user.ref(), fields));
  }

  /** Changes what no function reads. */
  public void editCustomer(long pick) {
    String id = world.customer((int) (pick % world.customers()));
    String note = "note " + pick;
    World.write(
        store,
        Mutation.blind(
            new DocRef(Customers.COLLECTION, id),
            Map.of("crm_note", note, Customers.ORGANIZATION_NAME, "Lab " + pick % 100),
            Map.of()));
    journal.notes.put(id, note);
  }

  /** Half of the time a new record, else an edit or the deletion of one of the last. */
  public void writeRecord(long pick) {
    if (pick % 4 < 2 || foreignRecords.isEmpty()) {
      createRecord(pick);
      return;
    }
    String id = foreignRecords.get((int) (pick / 4 % foreignRecords.size()));
    if (pick % 4 == 2) {
      World.write(
          store,
          Mutation.blind(
              UsageIds.recordRef(id),
              Map.of(UsageTracking.EPISODES_GENERATED, pick % 9),
              Map.of()));
    } else {
      journal.foreignRecords.put(id, false);
      foreignRecords.remove(id);
      World.write(store, Mutation.delete(UsageIds.recordRef(id)));
    }
  }

  private void createRecord(long pick) {
    int free = world.customers() - world.limitedCustomers();
    String customer = world.customer(world.limitedCustomers() + (int) (pick / 4 % free));
    String id = customer + "_foreign_" + pick;
    Map<String, Object> fields = new HashMap<>();
    fields.put(UsageTracking.CUSTOMER_ID, customer);
    fields.put(UsageTracking.SCENE_ID, "scene-" + pick % 20);
    fields.put(UsageTracking.ACTION, pick % 3 > 0 ? "scene_generated" : "upsell_applied");
    fields.put(UsageTracking.TIMESTAMP, clock.instant().truncatedTo(ChronoUnit.MICROS));
    fields.put(UsageTracking.EPISODES_GENERATED, pick % 7);
    fields.put(UsageTracking.BILLABLE, true);
    journal.foreignRecords.put(id, true);
    foreignRecords.add(id);
    World.write(store, Mutation.replace(UsageIds.recordRef(id), fields));
  }
}
