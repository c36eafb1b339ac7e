package dev.meterkite.model.credits.stripe;

import dev.meterkite.model.command.Read;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.GrantPeriod;
import dev.meterkite.model.credits.stripe.StripePayment.Back;
import dev.meterkite.model.credits.stripe.StripePayment.Line;
import dev.meterkite.model.credits.stripe.StripePayment.LineKind;
import dev.meterkite.model.credits.stripe.StripePayment.Sale;
import java.time.Instant;
import java.util.List;

/** What has to be read before a sale can be booked. */
public final class SaleReads {
  private SaleReads() {}

  /** Adds the transactions that booking a sale looks for first. */
  public static void of(String userId, String saleId, Sale sale, List<Read> reads) {
    if (sale.packages() > 0) {
      reads.add(new Read.Get(CreditRefs.packages(saleId)));
    }
    for (Line line : sale.lines()) {
      if (line.kind() == LineKind.WHOLE) {
        String tier = line.tier();
        String day = GrantPeriod.day(line.start());
        reads.add(new Read.Get(CreditRefs.monthlyGrant(userId, tier, day)));
      }
      if (line.kind() != LineKind.CREDIT) {
        Term term = Term.of(saleId, line, Back.NONE);
        Instant start = term.monthStart(0);
        String key = Terms.key(saleId, line);
        String id = Term.transactionId(userId, key, line, start, term.monthEnd(0));
        reads.add(new Read.Get(CreditRefs.transaction(id)));
      }
    }
  }
}
