package dev.meterkite.functions.store;

import com.google.firestore.v1.Cursor;
import com.google.firestore.v1.Document;
import com.google.firestore.v1.DocumentMask;
import com.google.firestore.v1.DocumentTransform.FieldTransform;
import com.google.firestore.v1.MapValue;
import com.google.firestore.v1.Precondition;
import com.google.firestore.v1.RunAggregationQueryResponse;
import com.google.firestore.v1.StructuredAggregationQuery;
import com.google.firestore.v1.StructuredAggregationQuery.Aggregation;
import com.google.firestore.v1.StructuredQuery;
import com.google.firestore.v1.StructuredQuery.CompositeFilter;
import com.google.firestore.v1.StructuredQuery.Direction;
import com.google.firestore.v1.StructuredQuery.FieldFilter;
import com.google.firestore.v1.StructuredQuery.FieldReference;
import com.google.firestore.v1.Value;
import com.google.firestore.v1.Write;
import com.google.protobuf.Int32Value;
import com.google.protobuf.Timestamp;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.FieldPath;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Firestore's messages from the model's terms, and back. */
final class Protos {
  private static final String TOTAL = "total";

  private final String database;
  private final String documents;

  Protos(String project) {
    this.database = "projects/" + project + "/databases/(default)";
    this.documents = database + "/documents";
  }

  String database() {
    return database;
  }

  String documents() {
    return documents;
  }

  String name(DocRef ref) {
    return documents + "/" + ref.collection() + "/" + ref.id();
  }

  Snapshot snapshot(Document document) {
    String path = document.getName().substring(documents.length() + 1);
    int slash = path.indexOf('/');
    return snapshot(new DocRef(path.substring(0, slash), path.substring(slash + 1)), document);
  }

  static Snapshot snapshot(DocRef ref, Document document) {
    Timestamp time = document.getUpdateTime();
    return new Snapshot(
        ref,
        Values.toMap(document.getFieldsMap()),
        Instant.ofEpochSecond(time.getSeconds(), time.getNanos()));
  }

  Write write(Mutation mutation) {
    if (mutation.condition() == Mutation.Condition.DELETE) {
      return Write.newBuilder().setDelete(name(mutation.ref())).build();
    }
    Document.Builder document = Document.newBuilder().setName(name(mutation.ref()));
    mutation
        .fields()
        .forEach(
            (path, value) -> {
              if (value != dev.meterkite.model.command.Write.REMOVED) {
                set(document, FieldPath.segments(path), Values.toValue(value));
              }
            });
    Write.Builder write = Write.newBuilder().setUpdate(document);
    if (mutation.condition() != Mutation.Condition.ABSENT
        && mutation.condition() != Mutation.Condition.REPLACE) {
      write.setUpdateMask(DocumentMask.newBuilder().addAllFieldPaths(mutation.fields().keySet()));
    }
    mutation
        .increments()
        .forEach(
            (path, by) ->
                write.addUpdateTransforms(
                    FieldTransform.newBuilder()
                        .setFieldPath(path)
                        .setIncrement(Values.toValue(by))));
    Instant version = mutation.version();
    if (mutation.condition() == Mutation.Condition.ABSENT) {
      write.setCurrentDocument(Precondition.newBuilder().setExists(false));
    } else if (version != null) {
      write.setCurrentDocument(
          Precondition.newBuilder()
              .setUpdateTime(
                  Timestamp.newBuilder()
                      .setSeconds(version.getEpochSecond())
                      .setNanos(version.getNano())));
    }
    return write.build();
  }

  private static void set(Document.Builder document, List<String> path, Value value) {
    String first = path.get(0);
    if (path.size() == 1) {
      document.putFields(first, value);
    } else {
      Value inner = document.getFieldsOrDefault(first, Value.getDefaultInstance());
      document.putFields(first, with(inner, path.subList(1, path.size()), value));
    }
  }

  private static Value with(Value map, List<String> path, Value value) {
    MapValue.Builder fields = map.getMapValue().toBuilder();
    String first = path.get(0);
    if (path.size() == 1) {
      fields.putFields(first, value);
    } else {
      Value inner = fields.getFieldsOrDefault(first, Value.getDefaultInstance());
      fields.putFields(first, with(inner, path.subList(1, path.size()), value));
    }
    return Value.newBuilder().setMapValue(fields).build();
  }

  StructuredQuery query(Query query) {
    StructuredQuery.Builder structured =
        StructuredQuery.newBuilder()
            .addFrom(
                StructuredQuery.CollectionSelector.newBuilder().setCollectionId(query.collection()))
            .setLimit(Int32Value.of(query.limit()));
    CompositeFilter.Builder all = CompositeFilter.newBuilder().setOp(CompositeFilter.Operator.AND);
    for (Query.Filter filter : query.filters()) {
      all.addFilters(
          StructuredQuery.Filter.newBuilder()
              .setFieldFilter(
                  FieldFilter.newBuilder()
                      .setField(field(filter.field()))
                      .setOp(op(filter.op()))
                      .setValue(value(query, filter.field(), filter.value()))));
    }
    if (all.getFiltersCount() > 0) {
      structured.setWhere(StructuredQuery.Filter.newBuilder().setCompositeFilter(all));
    }
    for (Query.Order order : query.orders()) {
      structured.addOrderBy(order(order.field(), order.descending()));
    }
    if (!query.startAfter().isEmpty()) {
      structured.setStartAt(cursor(query, structured));
    }
    return structured.build();
  }

  StructuredAggregationQuery total(Query query, @Nullable String sum) {
    Aggregation.Builder total = Aggregation.newBuilder().setAlias(TOTAL);
    if (sum == null) {
      total.setCount(Aggregation.Count.getDefaultInstance());
    } else {
      total.setSum(Aggregation.Sum.newBuilder().setField(field(sum)));
    }
    return StructuredAggregationQuery.newBuilder()
        .setStructuredQuery(query(query).toBuilder().clearLimit())
        .addAggregations(total)
        .build();
  }

  static Number total(List<RunAggregationQueryResponse> answers) {
    for (RunAggregationQueryResponse answer : answers) {
      Value total = answer.getResult().getAggregateFieldsMap().get(TOTAL);
      if (total != null) {
        return total.hasDoubleValue() ? (Number) total.getDoubleValue() : total.getIntegerValue();
      }
    }
    throw new StoreException(StoreException.Kind.UNKNOWN, "no total in the answer");
  }

  /** Behind these values; where the last is the document id, the order by id must be said. */
  private Cursor cursor(Query query, StructuredQuery.Builder structured) {
    List<Query.Order> orders = query.orders();
    boolean idSaid = !orders.isEmpty() && orders.get(orders.size() - 1).field().equals(Query.ID);
    if (query.startAfter().size() > orders.size() && !idSaid) {
      boolean descending = !orders.isEmpty() && orders.get(orders.size() - 1).descending();
      structured.addOrderBy(order(Query.ID, descending));
    }
    Cursor.Builder cursor = Cursor.newBuilder().setBefore(false);
    for (int i = 0; i < query.startAfter().size(); i++) {
      String field = i < orders.size() ? orders.get(i).field() : Query.ID;
      cursor.addValues(value(query, field, query.startAfter().get(i)));
    }
    return cursor.build();
  }

  private static StructuredQuery.Order order(String field, boolean descending) {
    return StructuredQuery.Order.newBuilder()
        .setField(field(field))
        .setDirection(descending ? Direction.DESCENDING : Direction.ASCENDING)
        .build();
  }

  private static FieldReference field(String path) {
    return FieldReference.newBuilder().setFieldPath(path).build();
  }

  private Value value(Query query, String field, Object value) {
    return field.equals(Query.ID)
        ? Value.newBuilder()
            .setReferenceValue(name(new DocRef(query.collection(), String.valueOf(value))))
            .build()
        : Values.toValue(value);
  }

  private static FieldFilter.Operator op(Query.Op op) {
    return switch (op) {
      case EQUAL -> FieldFilter.Operator.EQUAL;
      case LESS -> FieldFilter.Operator.LESS_THAN;
      case LESS_OR_EQUAL -> FieldFilter.Operator.LESS_THAN_OR_EQUAL;
      case GREATER -> FieldFilter.Operator.GREATER_THAN;
      case GREATER_OR_EQUAL -> FieldFilter.Operator.GREATER_THAN_OR_EQUAL;
    };
  }
}
