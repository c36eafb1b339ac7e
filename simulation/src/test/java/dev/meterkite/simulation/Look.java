package dev.meterkite.simulation;

import dev.meterkite.model.document.Snapshot;
import java.nio.file.Path;

final class Look {
  public static void main(String[] args) {
    try (Fixture fixture = new Fixture(Path.of("../functions.tsv"));
        Play play =
            new Play(
                WholeSystemDefectsTest.plan(
                    Long.parseLong(args[0]), Long.parseLong(args[1]), Long.parseLong(args[2])),
                fixture)) {
      String user = args[3];
      java.util.List<String> log = new java.util.ArrayList<>();
      play.documents()
          .listen(
              change -> {
                if (change.ref().toString().equals("users/" + user)
                    || String.valueOf(change.after().fields().get("user_id")).equals(user)
                        && change.ref().collection().equals("credit_transactions")) {
                  Snapshot a = change.after();
                  log.add(
                      change.time()
                          + " "
                          + change.ref()
                          + " "
                          + a.fields().get("sequence")
                          + " "
                          + a.fields().get("type")
                          + " "
                          + a.fields().get("amount")
                          + " "
                          + a.fields().get("created_at")
                          + " ledger="
                          + a.fields().get("ledger")
                          + " bal="
                          + a.fields().get("credits_balance"));
                }
              });
      play.run();
      play.findings().forEach(x -> System.out.println("FINDING " + x));
      for (int i = 0; i < log.size(); i++) {
        if (log.get(i).matches(".* " + args[4] + " .*transactions.*")
            || log.get(i).matches(".*transactions/.* " + args[4] + " .*")) {
          for (int j = Math.max(0, i - 6); j < Math.min(log.size(), i + 7); j++)
            System.out.println(log.get(j));
          System.out.println("--");
        }
      }
    }
    System.exit(0);
  }
}
