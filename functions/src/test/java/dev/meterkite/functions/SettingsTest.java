package dev.meterkite.functions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.plans.Threshold;
import dev.meterkite.model.usage.RateCard;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SettingsTest {
  @Test
  void nothingSet_givesTheDefaults() {
    Settings settings = new Settings(Map.of("DRAIN_SECONDS", " "));
    assertEquals(Optional.empty(), settings.firestoreEmulatorHost());
    assertEquals(Optional.empty(), settings.project());
    assertEquals("[]", settings.tokenIssuers());
    assertEquals(Set.of(), settings.serviceAccounts());
    assertEquals(Set.of(), settings.schedulerAccounts());
    assertEquals(Duration.ofSeconds(8), settings.drainGrace());
    assertEquals(Optional.empty(), settings.domainClockFile());
    assertTrue(settings.logsJson());
    assertFalse(settings.adoptsForeignBalance());
    assertEquals(RateCard.DEFAULT, settings.rateCard());
    assertEquals(Duration.ofDays(3), settings.usageClosesAfter());
    assertEquals(3, settings.usageCheckDays());
    assertEquals(Set.of(), settings.gatewayAccounts());
    assertEquals("Meterkite", settings.focusProvider());
    assertEquals("Meterkite", settings.focusIssuer());
  }

  @Test
  void everythingSet_isRead() {
    Settings settings =
        new Settings(
            Map.of(
                "FIRESTORE_EMULATOR_HOST", "127.0.0.1:8081",
                "GOOGLE_CLOUD_PROJECT", "p",
                "SERVICE_ACCOUNTS", "a@b.c, d@e.f,,",
                "SCHEDULER_ACCOUNTS", "s@b.c",
                "GATEWAY_ACCOUNTS", " g@b.c ,\t1122, ",
                "FOCUS_PROVIDER", " Robots & Sons ",
                "DRAIN_SECONDS", "0",
                "LOG_FORMAT", "jul",
                "FOREIGN_BALANCE", "adopt",
                "CLOCK_FILE", "/tmp/clock"));
    assertEquals(Optional.of("127.0.0.1:8081"), settings.firestoreEmulatorHost());
    assertEquals(Optional.of("p"), settings.project());
    assertEquals(Set.of("a@b.c", "d@e.f"), settings.serviceAccounts());
    assertEquals(Set.of("s@b.c"), settings.schedulerAccounts());
    assertEquals(Set.of("g@b.c", "1122"), settings.gatewayAccounts());
    assertEquals("Robots & Sons", settings.focusProvider());
    assertEquals("Robots & Sons", settings.focusIssuer());
    assertEquals("Billing", new Settings(Map.of("FOCUS_ISSUER", "Billing")).focusIssuer());
    assertEquals(Duration.ZERO, settings.drainGrace());
    assertEquals(Optional.of(Path.of("/tmp/clock")), settings.domainClockFile());
    assertFalse(settings.logsJson());
    assertTrue(settings.adoptsForeignBalance());
  }

  @Test
  void valueThatMakesNoSense_failsNamingItsVariable() {
    for (String seconds : new String[] {"61", "-1", "1.5", "soon"}) {
      Settings settings = new Settings(Map.of("DRAIN_SECONDS", seconds));
      var failure = assertThrows(IllegalArgumentException.class, settings::drainGrace);
      assertTrue(failure.getMessage().contains("DRAIN_SECONDS"), failure::getMessage);
    }
    for (String days : new String[] {"29", "-1", "three"}) {
      Settings settings = new Settings(Map.of("USAGE_CLOSE_DAYS", days));
      var failure = assertThrows(IllegalArgumentException.class, settings::usageClosesAfter);
      assertTrue(failure.getMessage().contains("USAGE_CLOSE_DAYS"), failure::getMessage);
    }
    Settings days = new Settings(Map.of("USAGE_CHECK_DAYS", "32"));
    assertThrows(IllegalArgumentException.class, days::usageCheckDays);
    Settings rates = new Settings(Map.of("RATE_CARD", "episode=0.03"));
    var failure = assertThrows(IllegalArgumentException.class, rates::rateCard);
    assertTrue(failure.getMessage().contains("RATE_CARD"), failure::getMessage);
    Settings low = new Settings(Map.of("LOW_BALANCE", "half"));
    assertThrows(IllegalArgumentException.class, low::lowBalance);
    assertEquals(Threshold.NONE, new Settings(Map.of()).lowBalance());
    assertEquals(new Threshold(20, true), new Settings(Map.of("LOW_BALANCE", "20%")).lowBalance());
    Settings settings = new Settings(Map.of("FOREIGN_BALANCE", "maybe"));
    assertThrows(IllegalArgumentException.class, settings::adoptsForeignBalance);
    assertFalse(settings.shadowsCredits());
    assertTrue(new Settings(Map.of("CREDITS_MODE", "shadow")).shadowsCredits());
    assertThrows(
        IllegalArgumentException.class,
        () -> new Settings(Map.of("CREDITS_MODE", "on")).shadowsCredits());
  }

  @Test
  void systemProperty_takesThePlaceOfAVariable() {
    String property = Settings.PROPERTY_PREFIX + "GOOGLE_CLOUD_PROJECT";
    String before = System.setProperty(property, "from-property");
    try {
      assertEquals(Optional.of("from-property"), Settings.ofProcess().project());
    } finally {
      // Other tests of this JVM run functions in a project that stands there.
      if (before == null) {
        System.clearProperty(property);
      } else {
        System.setProperty(property, before);
      }
    }
  }
}
