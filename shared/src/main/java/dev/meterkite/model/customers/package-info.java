/** Customers, scenes, bundle tiers and feature flags. */
@NullMarked
package dev.meterkite.model.customers;

import org.jspecify.annotations.NullMarked;
