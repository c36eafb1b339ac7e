package dev.meterkite.model.credits.lots;

import dev.meterkite.model.document.LenientFields;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads and writes the shares of lots in transactions and payments. */
public final class LotShareCodec {
  private LotShareCodec() {}

  /** The stored form of shares. */
  public static List<Object> encode(List<LotShare> shares) {
    List<Object> list = new ArrayList<>(shares.size());
    for (LotShare share : shares) {
      Map<String, Object> map = new LinkedHashMap<>();
      if (share.expiresAt() != null) {
        map.put(CreditTransactions.EXPIRES_AT, share.expiresAt());
      }
      map.put(CreditTransactions.AMOUNT, share.amount());
      list.add(map);
    }
    return list;
  }

  /** The shares in a stored list; a member that cannot be read is left out. */
  public static List<LotShare> decode(List<?> list) {
    List<LotShare> shares = new ArrayList<>();
    for (Object member : list) {
      if (member instanceof Map<?, ?> map
          && LenientFields.whole(map, CreditTransactions.AMOUNT, 0) > 0) {
        shares.add(
            new LotShare(
                LenientFields.instant(map, CreditTransactions.EXPIRES_AT),
                LenientFields.whole(map, CreditTransactions.AMOUNT, 0)));
      }
    }
    return shares;
  }
}
