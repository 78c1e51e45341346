SELECT line, reason, detail FROM shop.refused_lines WHERE batch_id = $1 AND line > $2 ORDER BY line LIMIT $3
